import { readLibrary } from '../src/store/valkey/library/library.js';
import { OPERATIONS } from './operations.js';
import { addressOf, dataOf, INDEXED, nameOf, type Shape, tokenOf, ttlOf, valueIn } from './sessions.js';
import type { StoreNode } from './store-nodes.js';

/** Sessions of a batch. Each step is taken with all of them before the next step. */
const BATCH = 500;
const BATCHES = 15;

const SHAPE: Shape = { ...INDEXED, extend: 'BOTH' };
/** deleteSession, EXTEND GET and EXTEND SET. */
const FLAGS = 1 + 2 + 4;

type Command = readonly (string | number)[];

/** What an operation of an application calls, and what it does by hand. */
const ROWS = [
  { functions: ['get'], byHand: 'read', commands: 'HGET, EXPIRE' },
  { functions: ['set'], byHand: 'write', commands: 'HSET, EXPIRE' },
  { functions: ['createathome'], byHand: 'create', commands: 'HSET, EXPIRE, SADD, EXPIRE' },
  { functions: ['end'], byHand: 'logout', commands: 'DEL, SREM' },
  // If the session is not in the partition of its name.
  { functions: ['index', 'create', 'indexed'], byHand: 'create', commands: 'HSET, EXPIRE, SADD, EXPIRE' },
  { functions: ['end elsewhere', 'unindex', 'unindexed'], byHand: 'logout', commands: 'DEL, SREM' },
] as const;

/** The functions of names. */
const OF_NAMES = new Set(['index', 'indexed', 'unindex']);

export interface FunctionCost {
  /** With the time of each in µs: that of the fastest batch, which the rest of the machine has delayed least. */
  readonly functions: string;
  readonly cost: number;
  readonly commands: string;
  readonly byHandCost: number;
}

/**
 * Measures how long a node takes to run the functions of the store, and the commands of an application that has none.
 */
export async function measureFunctions({ client, target: { tag } }: StoreNode): Promise<FunctionCost[]> {
  const { prefix, code } = readLibrary();
  await client.function('LOAD', 'REPLACE', code);

  const lowest = new Map<string, number>();
  /** Sends a command for each session of a batch. Returns the replies. */
  const take = async (what: string, first: number, command: (session: number) => Command): Promise<unknown[]> => {
    const commands = Array.from({ length: BATCH }, (_, index) => ['call', ...command(first + index)]);
    await client.config('RESETSTAT');
    const replies = (await client.pipeline(commands).exec()) ?? [];
    for (const [error] of replies) if (error) throw error;
    const spent = microsecondsIn(await client.info('commandstats')) / BATCH;
    lowest.set(what, Math.min(spent, lowest.get(what) ?? spent));
    return replies.map(([, reply]) => reply);
  };
  const call = (fn: string, first: number, args: (session: number) => Command, what = fn) => {
    const base = OF_NAMES.has(fn) ? `${tag}names` : tag;
    return take(what, first, (session) => ['FCALL', prefix + fn, 1, base, ...args(session)]);
  };

  for (let first = 0; first < BATCHES * BATCH; first += BATCH) {
    const settings = (n: number) => [tokenOf(n), nameOf(SHAPE, n), FLAGS, ttlOf(SHAPE, n) * 1000, 0];
    await call('createathome', first, (n) => [...settings(n), 16, '', ...dataOf(SHAPE)]);
    await call('get', first, (n) => [tokenOf(n), 1, addressOf(SHAPE, n)[1]]);
    await call('set', first, (n) => [tokenOf(n), 1, addressOf(SHAPE, n)[1], valueIn(SHAPE)]);
    await call('end', first, (n) => [tokenOf(n), 'ended']);
    const created = await call('index', first, (n) => [nameOf(SHAPE, n), tokenOf(n)]);
    const createdAt = (n: number) => String(created[n - first]);
    const member = (n: number) => [tokenOf(n) + createdAt(n) + nameOf(SHAPE, n)];
    await call('create', first, (n) => [...settings(n), createdAt(n), ...dataOf(SHAPE)]);
    await call('indexed', first, member);
    await call('end', first, (n) => [tokenOf(n), 'ended'], 'end elsewhere');
    await call('unindex', first, member);
    await call('unindexed', first, member);
    for (const operation of ['create', 'read', 'write', 'logout'] as const) {
      const steps = (session: number) => OPERATIONS[operation].redis(SHAPE, session);
      for (const index of steps(first).keys()) {
        await take(`${operation} ${index}`, first, (session) => {
          const [name, key, ...rest] = steps(session)[index][0];
          return [name, tag + key, ...rest];
        });
      }
    }
  }
  const costOf = (what: string) => lowest.get(what) ?? 0;
  const sum = (all: readonly string[]) => all.reduce((total, what) => total + costOf(what), 0);
  return ROWS.map(({ functions, byHand, commands }) => ({
    functions: functions.map((name) => `${name} ${costOf(name).toFixed(1)}`).join(', '),
    cost: sum(functions),
    commands,
    byHandCost: sum([...lowest.keys()].filter((what) => what.startsWith(`${byHand} `))),
  }));
}

/** Returns the time of all commands that clients sent. What functions call is counted in FCALL, too. */
function microsecondsIn(commandstats: string): number {
  const spent = new Map<string, number>();
  for (const [, name, usec] of commandstats.matchAll(/^cmdstat_(\S+?):.*?usec=(\d+)/gm)) spent.set(name, Number(usec));
  for (const own of ['config|resetstat', 'info']) spent.delete(own);
  return spent.get('fcall') ?? [...spent.values()].reduce((sum, usec) => sum + usec, 0);
}
