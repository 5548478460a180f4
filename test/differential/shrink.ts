import { Failure, type Reply } from '../tools/replies.js';
import type { Difference } from './comparison.js';
import type { Runner } from './runner.js';
import type { Request } from './sequence.js';

interface Finding {
  readonly requests: readonly Request[];
  readonly difference: Difference;
}

/** Leaves out requests and arguments as long as the difference remains. */
export async function shrink(pair: Runner, finding: Finding): Promise<Finding> {
  let least = finding;
  const attempt = async (requests: readonly Request[]) => {
    const [{ difference }] = await pair.run([requests]);
    const isSame = difference !== undefined && signatureOf(difference) === signatureOf(finding.difference);
    if (isSame) least = { requests, difference };
    return isSame;
  };
  await leaveOut(finding.requests, attempt);
  for (let i = 0; i < least.requests.length; i++) {
    const [name, ...words] = least.requests[i];
    await leaveOut(words, (fewer) => attempt(least.requests.with(i, [name, ...fewer])));
  }
  return least;
}

/** Leaves out items as long as the attempt succeeds: many in a row at first, one at a time in the end. */
async function leaveOut<Item>(
  items: readonly Item[],
  attempt: (fewer: readonly Item[]) => Promise<boolean>,
): Promise<void> {
  let left = items;
  for (let size = 2 ** Math.floor(Math.log2(left.length)); size >= 1; size /= 2) {
    for (let end = left.length; end > 0; end -= size) {
      const fewer = left.toSpliced(Math.max(0, end - size), size);
      if (await attempt(fewer)) left = fewer;
    }
  }
}

/** What two findings of the same difference have in common. */
export function signatureOf({ request, respite, redis }: Difference): string {
  return [request[0].toUpperCase(), kindOf(respite), kindOf(redis)].join('\n');
}

function kindOf(reply: Reply): string {
  if (reply instanceof Failure) return reply.text;
  if (reply === null) return 'null';
  // ioredis is configured to return integers as strings.
  return /^-?\d+$/.test(String(reply)) ? 'integer' : reply.constructor.name;
}
