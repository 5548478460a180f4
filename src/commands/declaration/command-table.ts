import { Slice } from '../../slice.js';
import type { Command } from './command.js';
import { type CommandEntry, entryOf } from './command-entry.js';

/** Commands by their names. */
export class CommandTable {
  /** By their names in lower case. */
  readonly entries: ReadonlyMap<string, CommandEntry>;
  /** The two spellings that clients use, so that most requests are found without changing their case. */
  readonly #spellings: ReadonlyMap<string, CommandEntry>;
  #latestName = Slice.of('');
  #latestEntry: CommandEntry | undefined;

  constructor(commands: readonly Command[]) {
    this.entries = new Map(commands.map((command) => [command.name, entryOf(command)]));
    this.#spellings = new Map(
      [...this.entries].flatMap(([name, entry]) => [
        [name, entry],
        [name.toUpperCase(), entry],
      ]),
    );
  }

  /** @param name In any case. */
  find(name: Slice): CommandEntry | undefined {
    // Most requests are for the same command as the one before: comparing a few bytes is quicker than making a string.
    if (name.equals(this.#latestName)) return this.#latestEntry;
    const spelt = name.latin1();
    const entry = this.#spellings.get(spelt) ?? this.entries.get(spelt.toLowerCase());
    if (entry !== undefined) {
      this.#latestName = Slice.of(name.copy());
      this.#latestEntry = entry;
    }
    return entry;
  }
}
