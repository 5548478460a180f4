import type { EngineParts } from './engine-parts.js';
import type { FieldStore } from './fields/field-store.js';
import type { KeyDeadlines } from './fields/key-deadlines.js';
import type { NameIndex } from './names/name-index.js';
import type { MemoryParts, Session } from './session.js';
import { Flag, type SlotTable } from './tables/slot-table.js';
import { TimingWheel } from './time/timing-wheel.js';
import { TokenIndex } from './tokens/token-index.js';

/** Bytes of memory that each slot takes outside the slot table: timer, place in the field store. */
const BYTES_ELSEWHERE = TimingWheel.BYTES_PER_TIMER + 4;

type MemoryUseParts = Pick<EngineParts, 'slots' | 'tokens' | 'names' | 'fields' | 'keyDeadlines'>;

/** Adds up the memory that sessions take, in bytes: for all, by part, for one. */
export class MemoryUse {
  readonly #slots: SlotTable;
  readonly #tokens: TokenIndex;
  readonly #names: NameIndex;
  readonly #fields: FieldStore;
  readonly #keyDeadlines: KeyDeadlines;

  constructor({ slots, tokens, names, fields, keyDeadlines }: MemoryUseParts) {
    this.#slots = slots;
    this.#tokens = tokens;
    this.#names = names;
    this.#fields = fields;
    this.#keyDeadlines = keyDeadlines;
  }

  /** See `SessionEngine.memory`. It is asked for before every write. */
  get total(): number {
    return this.#ofSlots + this.#ofTokens + this.#ofData + this.#names.memory;
  }

  /** Returns what `total` is the sum of, and the memory of the arenas for names, keys and values. */
  byPart(): MemoryParts {
    const arenas = [this.#names.arena, ...this.#fields.arenas, ...this.#keyDeadlines.arenas];
    return {
      slots: this.#ofSlots,
      tokens: this.#ofTokens,
      names: this.#names.memory,
      data: this.#ofData,
      arenas: {
        used: arenas.reduce((sum, { used }) => sum + used, 0),
        reserved: arenas.reduce((sum, { reserved }) => sum + reserved, 0),
      },
      shapes: this.#fields.shapes(),
    };
  }

  /** Returns what one session takes, without its name. */
  of(session: Session): number {
    const isTokenless = (this.#slots.flags(session) & Flag.Tokenless) !== 0;
    const index = isTokenless ? 0 : TokenIndex.BYTES_PER_ENTRY;
    const data = this.#fields.memoryOf(session) + this.#keyDeadlines.memoryOf(session);
    return this.#slots.memoryOf(session) + BYTES_ELSEWHERE + index + data;
  }

  /** The slots in use. */
  get #ofSlots(): number {
    return this.#slots.memory + this.#slots.taken * BYTES_ELSEWHERE;
  }

  get #ofData(): number {
    return this.#fields.memory + this.#keyDeadlines.memory;
  }

  get #ofTokens(): number {
    return this.#tokens.size * TokenIndex.BYTES_PER_ENTRY;
  }
}
