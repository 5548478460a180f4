import { Slice } from '../../slice.js';
import type { Command } from './command.js';
import { type CommandEntry, entryOf } from './command-entry.js';

/** Finds commands by name. */
export class CommandTable {
  /** By name in lower case. */
  readonly entries: ReadonlyMap<string, CommandEntry>;
  /** By name in lower case and in capitals. Most clients use one of the two, so their case need not be converted. */
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
    // Most requests are for the same command as the previous one, and comparing a few bytes is faster than making a
    // string.
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
