import { Slice } from '../../slice.js';
import type { Command } from './command.js';
import { type CommandEntry, entryOf } from './command-entry.js';

/** How one or more clients spell a command. */
interface Spelling {
  readonly name: Slice;
  readonly entry: CommandEntry;
}

/** How many spellings are remembered at most. A power of two. */
const PLACES = 512;

/** Finds commands by name. */
export class CommandTable {
  /** By name in lower case. */
  readonly entries: ReadonlyMap<string, CommandEntry>;
  /** By name in lower case and in capitals. Most clients use one of the two, so their case need not be converted. */
  readonly #spellings: ReadonlyMap<string, CommandEntry>;
  /** The spelling that was found last in each place, see `placeOf`. */
  readonly #remembered = new Array<Spelling | undefined>(PLACES).fill(undefined);

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
    // Clients use few commands, and comparing a few bytes is faster than making a string.
    const place = placeOf(name);
    const known = this.#remembered[place];
    if (known?.name.equals(name)) return known.entry;
    const spelt = name.latin1();
    const entry = this.#spellings.get(spelt) ?? this.entries.get(spelt.toLowerCase());
    if (entry !== undefined) this.#remembered[place] = { name: Slice.of(name.copy()), entry };
    return entry;
  }
}

/**
 * Returns where a spelling is remembered. Of 131 commands in capitals, 121 have a place to themselves, and ten share
 * five places.
 */
function placeOf({ bytes, start, end }: Slice): number {
  const third = Math.max(start, end - 3);
  return (end - start + 13 * bytes[start] + 28 * bytes[third] + 16 * bytes[end - 1]) & (PLACES - 1);
}
