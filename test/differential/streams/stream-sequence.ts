import { Random } from '../../tools/random.js';
import { Chooser } from '../chooser.js';
import { type Request, requestsOf, type Sequence } from '../sequence.js';
import { createConsumer, STREAM, STREAM_COMMANDS } from './stream-table.js';

/** Adds entries to both streams: `FILL 3`. It may not be within a transaction. */
export const FILL = 'FILL';

const LONGEST = 25;

/** Like `makeSequence`, for commands on the stream. Ids of entries are placeholders, see `withIds`. */
export function makeStreamSequence(seed: number): Sequence {
  const random = new Random(seed);
  const choose = new Chooser(random);
  const rows = random.chance(0.4)
    ? STREAM_COMMANDS
    : Array.from({ length: random.between(3, 8) }, () => random.pick(STREAM_COMMANDS));
  const requests: Request[] = [];
  if (random.chance(0.95)) requests.push([FILL, String(random.between(1, 6))]);
  if (random.chance(0.9)) requests.push(['XGROUP', 'CREATE', STREAM, 'g', random.pick(['0', '0', '$', '{1}'])]);
  if (random.chance(0.7))
    requests.push(createConsumer('g', 'alice'), ['XREADGROUP', 'GROUP', 'g', 'alice', 'STREAMS', STREAM, '>']);
  const length = random.between(1, LONGEST);
  let inTransaction = false;
  for (let i = 0; i < length; i++) {
    if (inTransaction && random.chance(0.2)) {
      requests.push(['EXEC']);
      inTransaction = false;
    } else if (!inTransaction && random.chance(0.05)) {
      requests.push(['MULTI']);
      inTransaction = true;
    } else if (!inTransaction && random.chance(0.1)) {
      requests.push([FILL, String(random.between(1, 4))]);
    } else {
      requests.push(...requestsOf(random.pick(rows), choose));
    }
  }
  return {
    seed,
    chance: random.fraction(),
    requests: [...requests, ['EXEC'], ['XINFO', 'GROUPS', STREAM], ['XINFO', 'STREAM', STREAM, 'FULL', 'COUNT', '0']],
  };
}

/**
 * Returns a request with the ids of entries in the places of `{0}`, `{1}` and so on; `{0}.ms` is the first part of one
 * alone, `{0}.next` the id after it.
 */
export function withIds(request: Request, ids: readonly string[]): Request {
  return request.map((word) =>
    word.replace(/\{(\d+)\}(\.ms|\.next)?/g, (_, index: string, part?: string) => {
      const [ms, n] = (ids[Number(index)] ?? '7-7').split('-');
      if (part === '.ms') return ms;
      return `${ms}-${part === '.next' ? Number(n) + 1 : n}`;
    }),
  );
}
