import { Redis } from 'ioredis';
import type { ServerProcess } from './processes.js';

/** One command to one server: what redis-benchmark sends in a run. */
export interface Probe {
  readonly server: ServerProcess;
  readonly command: readonly string[];
}

const SECONDS = '1800';
const KEY = 'basket';
const VALUE = 'pizza:2;tiramisu:1;water:1;';
/** What a session of a shop holds, say. The keys around the one in use make both servers look for it. */
const DATA = ['language', 'it', 'address', '7 Via Roma, 00184 Roma', KEY, VALUE, 'csrf', 'fUvM3vXbrHMu_yZ2OTBJ7A'];

export type Probes = Awaited<ReturnType<typeof prepareProbes>>;

/** Makes the sessions and the hashes that the commands are for; they hold the same, under keys of the same length. */
export async function prepareProbes(respite: ServerProcess, redis: ServerProcess) {
  const read = await prepare(respite, redis, 'GET');
  const write = await prepare(respite, redis, 'SET');
  return {
    ping: { server: respite, command: ['PING'] },
    redisPing: { server: redis, command: ['PING'] },
    get: { server: respite, command: ['SESSION.GET', read, KEY] },
    hget: { server: redis, command: ['HGET', read, KEY] },
    set: { server: respite, command: ['SESSION.SET', write, KEY, VALUE] },
    hset: { server: redis, command: ['HSET', write, KEY, VALUE] },
    expire: { server: redis, command: ['EXPIRE', read, SECONDS] },
  } satisfies Record<string, Probe>;
}

/** Returns the token of a session; the hash bears the same name. */
async function prepare(respite: ServerProcess, redis: ServerProcess, extend: 'GET' | 'SET'): Promise<string> {
  const token = String(await call(respite, 'SESSION.NEW', 'bench', SECONDS, 'EXTEND', extend, 'DATA', ...DATA));
  await call(redis, 'HSET', token, ...DATA);
  await call(redis, 'EXPIRE', token, SECONDS);
  // A reply that there is nothing would be no error to redis-benchmark, but quick.
  const found = [await call(respite, 'SESSION.GET', token, KEY), await call(redis, 'HGET', token, KEY)];
  if (found.some((value) => value !== VALUE)) throw new Error(`the servers hold ${found}, not ${VALUE} twice`);
  return token;
}

async function call({ port }: ServerProcess, command: string, ...args: string[]): Promise<unknown> {
  const client = new Redis(port);
  try {
    return await client.call(command, ...args);
  } finally {
    client.disconnect();
  }
}
