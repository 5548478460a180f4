import type { FieldStore } from './fields/field-store.js';
import type { KeyDeadlines } from './fields/key-deadlines.js';
import type { NameIndex } from './names/name-index.js';
import type { SlotTable } from './tables/slot-table.js';
import type { Deadlines } from './time/deadlines.js';
import type { OldTokens } from './tokens/old-tokens.js';
import type { PublicIds } from './tokens/public-ids.js';
import type { TokenIndex } from './tokens/token-index.js';

/** The parts of an engine that make up sessions. */
export interface EngineParts {
  readonly slots: SlotTable;
  readonly tokens: TokenIndex;
  readonly names: NameIndex;
  readonly fields: FieldStore;
  readonly deadlines: Deadlines;
  readonly keyDeadlines: KeyDeadlines;
  readonly oldTokens: OldTokens;
  readonly ids: PublicIds;
}
