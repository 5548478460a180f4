import { Option } from 'commander';
import { runLoadTest, type Settings } from '../tools/load-test.js';
import { Program } from '../tools/program.js';
import { RedisServer } from '../tools/redis-server.js';
import { show } from '../tools/replies.js';
import { Tally } from '../tools/tally.js';
import { CLIENTS, type ClientKind } from './client.js';
import { makeHashSequence } from './hashes/hash-sequence.js';
import { Pair } from './pair.js';
import type { Outcome, Runner } from './runner.js';
import { makeSequence, type Request, type Sequence } from './sequence.js';
import { shrink, signatureOf } from './shrink.js';
import { StreamPair } from './streams/stream-pair.js';
import { makeStreamSequence } from './streams/stream-sequence.js';

/**
 * The differential test sends random sequences of Redis' commands to respite and to redis-server and compares all
 * replies. It prints the shortest sequence that shows each difference.
 */

/** How many sequences are sent at once. */
const BATCH = 64;
/** After how many differences the test stops. */
const ENOUGH = 50;
/** How many characters of a reply, and of a word, are printed. */
const SHOWN = 200;
const LONG = 70;
/** The size of strings in both servers: the smallest limit that redis-server accepts, so that the test reaches it. */
const LIMIT = ['--proto-max-bulk-len', '1mb'];

interface PartOfTest {
  /** How many of the sequences it has, unless it is the only part. */
  readonly share: number;
  readonly make: (seed: number) => Sequence;
  readonly open: (kind: ClientKind, respitePort: number, redisPort: number, isSelf: boolean) => Promise<Runner>;
  /** Options of the program, and of redis-server. */
  readonly options: readonly string[];
  readonly ofRedis: readonly string[];
}

/** What is compared: the commands on keys, those on the stream of session events, and those on hashes. */
const PARTS = {
  keys: { share: 1, make: makeSequence, open: Pair.open, options: [], ofRedis: [] },
  streams: {
    // It takes longer, because the streams are filled before each.
    share: 0.05,
    make: makeStreamSequence,
    open: StreamPair.open,
    options: ['--events-stream', 'yes'],
    // Redis then removes single entries if a length is approximate, as respite does.
    ofRedis: ['--stream-node-max-entries', '1'],
  },
  // Needs a Redis that lets fields expire.
  hashes: { share: 0, make: makeHashSequence, open: Pair.open, options: [], ofRedis: [] },
} as const satisfies Record<string, PartOfTest>;

type Part = keyof typeof PARTS;
const PART_NAMES = Object.keys(PARTS) as Part[];

class Differential {
  readonly #pairs: readonly Runner[];
  readonly #part: Part;
  readonly #tally = new Tally();
  readonly #found = new Set<string>();

  constructor(part: Part, pairs: readonly Runner[]) {
    this.#part = part;
    this.#pairs = pairs;
  }

  async run(sequences: number, seed: number): Promise<void> {
    const makeBatch = (first: number) => this.#makeBatch(seed + first, Math.min(BATCH, sequences - first));
    let next = makeBatch(0);
    for (let first = 0; first < sequences && this.#found.size < ENOUGH; first += BATCH) {
      const batch = next;
      // One pair after the other, so that each has the servers to itself.
      for (const [i, pair] of this.#pairs.entries()) {
        const running = pair.run(batch[i].map(({ requests }) => requests));
        // While the servers work.
        if (i === 0) next = makeBatch(first + BATCH);
        await this.#check(pair, batch[i], await running);
      }
    }
    this.#tally.print();
    if (this.#found.size > 0) throw new Error(`${this.#found.size} differences`);
  }

  async #check(pair: Runner, sequences: readonly Sequence[], outcomes: readonly Outcome[]): Promise<void> {
    for (const [i, { comparison, difference }] of outcomes.entries()) {
      const { requests, seed } = sequences[i];
      this.#tally.count('requests', requests.length);
      this.#tally.count('errors', comparison.errors);
      for (const [reason, times] of comparison.known) this.#tally.count(`known difference: ${reason}`, times);
      if (difference === undefined || this.#found.has(signatureOf(difference))) continue;
      this.#found.add(signatureOf(difference));
      report(this.#part, seed, pair, await shrink(pair, { requests, difference }));
    }
  }

  /** Sequences with consecutive seeds, by the pair of clients that they are for. */
  #makeBatch(seed: number, length: number): Sequence[][] {
    const batch = Array.from({ length: Math.max(0, length) }, (_, i) => PARTS[this.#part].make((seed + i) % 2 ** 32));
    const { length: count } = this.#pairs;
    return this.#pairs.map((_, i) => batch.filter(({ chance }) => Math.floor(chance * count) === i));
  }
}

function report(part: Part, seed: number, { kind }: Runner, shrunk: Awaited<ReturnType<typeof shrink>>): void {
  const { request, respite, redis } = shrunk.difference;
  const lines = [
    `${lineOf(request)} has another reply, with ${kind}: npm run differential -- 1 --seed ${seed} --only ${part}`,
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

interface Options {
  readonly self?: boolean;
  readonly redis?: string;
  readonly only?: Part;
}

async function differential({ amount, only, ...given }: Settings & Options): Promise<void> {
  for (const part of only === undefined ? PART_NAMES : [only]) {
    const share = only === undefined ? PARTS[part].share : 1;
    if (share > 0) await differ(part, { ...given, amount: Math.ceil(amount * share) });
  }
}

async function differ(part: Part, { amount, seed, self = false, redis: program }: Settings & Options): Promise<void> {
  const { open, options, ofRedis } = PARTS[part];
  const redis = await RedisServer.startRedis([...LIMIT, ...ofRedis], program);
  const respite = self
    ? await RedisServer.startRedis([...LIMIT, ...ofRedis], program)
    : await Program.start([...LIMIT, ...options]);
  const pairs = await Promise.all(CLIENTS.map((kind) => open(kind, respite.port, redis.port, self)));
  try {
    await new Differential(part, pairs).run(amount, seed);
  } finally {
    for (const pair of pairs) pair.close();
    await Promise.all([respite.stop(), redis.stop()]);
  }
}

await runLoadTest<Options>(
  {
    name: 'differential',
    description: 'Sends random commands to the built program and to redis-server, and compares all replies.',
    argument: { name: 'sequences', description: 'how many sequences of commands', least: 1, usual: 10_000 },
    options: [
      new Option('--only <part>', 'compare only this part').choices(PART_NAMES),
      new Option('--self', "use a second redis-server in the program's place, to find mistakes in the test itself"),
      new Option('--redis <program>', 'the redis-server to compare with, for hashes of version 8').default(
        'redis-server',
      ),
    ],
  },
  differential,
);
