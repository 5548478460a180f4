import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import type { CommandEntry } from '../../src/commands/declaration/command-entry.js';
import { SessionEngine } from '../../src/engine/index.js';
import { AbsentNames } from '../../src/execution/absent-names.js';
import { ClientTransaction } from '../../src/execution/transaction.js';
import { Request } from '../../src/resp/request.js';
import { Slice } from '../../src/slice.js';
import { FakeClock } from '../fake-clock.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Returns the memory of the process in bytes, without garbage. */
function held(): number {
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const PRESENT = 20_000;
const engine = new SessionEngine({ clock: new FakeClock() });
for (let i = 0; i < PRESENT; i++) engine.create(Slice.of(`present:${i}`), { shared: true });

const LIMIT = 256 * 2 ** 20;
const entry = {} as CommandEntry;
const queue = (transaction: ClientTransaction, count: number, ...words: string[]) => {
  const request = Request.of(words.map((word) => Buffer.from(word)));
  for (let i = 0; i < count; i++) transaction.add(entry, request, LIMIT);
};
const watch = (transaction: ClientTransaction, count: number, given: string, database = 0) => {
  for (let i = 0; i < count; i++) transaction.watch(engine, database, [Slice.of(`${given}${i}`)], LIMIT);
};

it.each<[string, (transaction: ClientTransaction) => void]>([
  ['many tiny commands', (transaction) => queue(transaction, 200_000, 'PING')],
  ['commands of a few words', (transaction) => queue(transaction, 60_000, 'SESSION.SET', 'x'.repeat(22), 'k', 'v')],
  ['commands of many words', (transaction) => queue(transaction, 1000, ...Array(1000).fill('x'))],
  ['values of some size', (transaction) => queue(transaction, 10_000, 'SET', 'k', 'x'.repeat(3000))],
  ['large values', (transaction) => queue(transaction, 1000, 'SET', 'k', 'x'.repeat(40_000))],
  [
    'large and small alternating',
    (transaction) => {
      for (let i = 0; i < 1000; i++) {
        queue(transaction, 1, 'SET', 'k', 'x'.repeat(20_000));
        queue(transaction, 10, 'PING');
      }
    },
  ],
  ['watched sessions', (transaction) => watch(transaction, PRESENT, 'present:')],
  ['watched names without a session', (transaction) => watch(transaction, 20_000, 'absent:')],
  ['watched keys of another database', (transaction) => watch(transaction, 20_000, 'absent:', 5)],
  ['the same by name', (transaction) => watch(transaction, 20_000, '@absent:')],
])('a transaction takes the memory that it reports: %s', (_, fill) => {
  const transaction = new ClientTransaction(new AbsentNames(engine));
  transaction.begin();
  const before = held();
  fill(transaction);
  const grown = held() - before;
  expect(grown / transaction.bytes).toBeLessThan(1.15);
  expect(grown / transaction.bytes).toBeGreaterThan(0.6);
  expect(transaction.bytes).toBeGreaterThan(1e6);
  transaction.end();
  expect(transaction.bytes).toBe(0);
});
