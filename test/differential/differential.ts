import { Command, InvalidArgumentError } from 'commander';
import { startRedis, startRespite } from '../../bench/processes.js';
import { show } from '../tools/replies.js';
import { CLIENTS } from './client.js';
import { Pair } from './pair.js';
import { makeSequence, type Request, type Sequence } from './sequence.js';
import { shrink, signatureOf } from './shrink.js';

/**
 * The differential test: random sequences of Redis' commands are sent to respite and to redis-server, and all replies
 * compared. What differs is made as short as it can be and shown.
 */

/** Sequences that are sent at once. */
const BATCH = 64;
/** So many different differences are enough. */
const ENOUGH = 50;
/** So many characters of a reply, and of a word, are shown. */
const SHOWN = 200;
const LONG = 70;
/** Of a string, in both servers: the smallest limit that redis-server takes, so that tests get there. */
const LIMIT = ['--proto-max-bulk-len', '1mb'];

const program = new Command('differential')
  .description('Sends random sequences of commands to the built program and to redis-server, and compares all replies.')
  .argument('[sequences]', 'how many', whole, 10_000)
  .option('--seed <number>', 'of the first sequence; each has the next (default: the time)', whole)
  .option('--self', "put a second redis-server in the program's place: what differs is wrong with the test")
  .allowExcessArguments(false)
  .parse();

const { seed = Date.now() % 2 ** 31, self = false } = program.opts<{ seed?: number; self?: boolean }>();
const [sequences] = program.processedArgs as [number];
const totals = { requests: 0, errors: 0 };
const known = new Map<string, number>();
const found = new Set<string>();
const began = performance.now();
console.log(`${sequences} sequences, seed ${seed}`);
const respite = self ? await startRedis(LIMIT) : await startRespite(undefined, LIMIT);
const redis = await startRedis(LIMIT);
const pairs = await Promise.all(CLIENTS.map((kind) => Pair.open(kind, respite.port, redis.port)));
try {
  await compare();
} finally {
  for (const pair of pairs) pair.close();
  await Promise.all([respite.stop(), redis.stop()]);
}
console.log(
  `${totals.requests} requests, ${totals.errors} of them errors, ${Math.round((performance.now() - began) / 1000)} s`,
);
for (const [reason, times] of known) console.log(`known difference, ${times} times: ${reason}`);
if (found.size > 0) program.error(`differential failed: ${found.size} differences`);
console.log('ok');
process.exit(0);

function whole(text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new InvalidArgumentError('Expected a whole number.');
  return Number(text);
}

async function compare(): Promise<void> {
  let next = makeBatch(0);
  for (let first = 0; first < sequences && found.size < ENOUGH; first += BATCH) {
    const batch = next;
    // One pair after the other: each has the servers for itself.
    for (const [i, pair] of pairs.entries()) {
      const running = pair.run(batch[i].map(({ requests }) => requests));
      // While they are at it.
      if (i === 0) next = makeBatch(first + BATCH);
      for (const [j, outcome] of (await running).entries()) {
        const sequence = batch[i][j];
        totals.requests += sequence.requests.length;
        totals.errors += outcome.comparison.errors;
        for (const [reason, times] of outcome.comparison.known) known.set(reason, (known.get(reason) ?? 0) + times);
        if (outcome.difference === undefined || found.has(signatureOf(outcome.difference))) continue;
        found.add(signatureOf(outcome.difference));
        report(sequence, pair, await shrink(pair, { requests: sequence.requests, difference: outcome.difference }));
      }
    }
  }
}

/** The sequences from that number on, by the pair of clients that they are for. */
function makeBatch(first: number): Sequence[][] {
  const batch = Array.from({ length: Math.max(0, Math.min(BATCH, sequences - first)) }, (_, i) =>
    makeSequence((seed + first + i) % 2 ** 32),
  );
  return pairs.map((_, i) => batch.filter(({ chance }) => Math.floor(chance * pairs.length) === i));
}

function report({ seed }: Sequence, { kind }: Pair, shrunk: Awaited<ReturnType<typeof shrink>>): void {
  const { request, respite, redis } = shrunk.difference;
  const lines = [
    `difference in the reply to ${lineOf(request)}, with ${kind}: npm run differential -- 1 --seed ${seed}`,
    ...shrunk.requests.map((words) => `  ${lineOf(words)}`),
    `respite: ${show(respite).slice(0, SHOWN)}`,
    `redis:   ${show(redis).slice(0, SHOWN)}`,
    '',
  ];
  console.log(lines.join('\n'));
}

function lineOf(words: Request): string {
  return words.map(wordOf).join(' ');
}

function wordOf(word: string): string {
  if (word.length > LONG) return `${wordOf(word.slice(0, LONG))}…(${word.length} bytes)`;
  return /^[\w.:*+-]+$/.test(word) ? word : JSON.stringify(word);
}
