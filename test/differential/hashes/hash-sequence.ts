import type { Random } from '../../tools/random.js';
import type { Row } from '../command-table.js';
import { type Sequence, sequenceOf } from '../sequence.js';
import { FIELD_COMMANDS, HASH_COMMANDS } from './hash-table.js';

const SETTING = HASH_COMMANDS.filter(({ name }) => name === 'HSET');

/** Like `makeSequence`, for commands on hashes. */
export function makeHashSequence(seed: number): Sequence {
  return sequenceOf(seed, rowsFor, ({ keys, fields }) =>
    keys.map((key) => ['HPEXPIRETIME', key, 'FIELDS', String(fields.length), ...fields]),
  );
}

function rowsFor(random: Random): readonly Row[] {
  const several = Array.from({ length: random.between(3, 12) }, () => random.pick(HASH_COMMANDS));
  return [...SETTING, ...several, ...(random.chance(0.5) ? FIELD_COMMANDS : [])];
}
