import { KEY_OPERATIONS as KEY, type Operation, SESSION_OPERATIONS as SESSION } from '../tools/operations.js';
import type { Random } from '../tools/random.js';
import { noSession, put, type Session } from '../tools/session.js';
import { type Command, createShared, type KnownSession } from './known-session.js';

/** Random commands on one session. */

const KEYS = ['k0', 'k1', 'k2', 'bin\r\n\0\xff', 'n0', 'n1'];
/** The longest value, in bytes. */
const LONG = 2000;

const key = (random: Random) => random.pick(KEYS);
const keys = (random: Random) => random.some(1, 3, () => key(random));
const entries = (random: Random) => keys(random).flatMap((key) => [key, value(random)]);

function value(random: Random): string {
  if (random.chance(0.4)) return String(random.between(-1000, 1000));
  return random.bytes(random.chance(0.05) ? random.between(200, LONG) : random.between(0, 40));
}

/** How often each is chosen, relative to the others. */
const SESSION_COMMANDS: readonly (readonly [weight: number, make: (random: Random, name: string) => Operation])[] = [
  [14, (random) => SESSION.set(entries(random))],
  [4, (random) => SESSION.add(entries(random))],
  [5, (random) => SESSION.cas(random.pick(['n0', 'n1']), `${random.between(0, 2)}`, `${random.between(0, 2)}`)],
  [10, (random) => SESSION.incrby(key(random), random.between(-2, 2))],
  [5, (random) => SESSION.append(key(random), random.bytes(random.between(0, 30)))],
  [14, (random) => SESSION.get(key(random))],
  [6, (random) => SESSION.mget(keys(random))],
  [10, () => SESSION.getall()],
  [5, (random) => SESSION.del(keys(random))],
  [3, (random) => SESSION.contains(keys(random))],
  [2, () => SESSION.keys()],
  [2, () => SESSION.count()],
  [2, () => SESSION.clear()],
  [3, (random) => SESSION.clearset(entries(random))],
  [4, (random) => expire(random)],
  [4, () => SESSION.pttl()],
  [2, () => SESSION.ttl()],
  [4, () => SESSION.touch()],
  [2, () => SESSION.exists()],
  [2, () => SESSION.mexists()],
  [2, () => SESSION.memory()],
  [3, (_, name) => SESSION.info(name)],
  [2, () => SESSION.end()],
];
const ROTATE_WEIGHT = 3;
const DECK = SESSION_COMMANDS.flatMap(([weight, make]) => Array.from({ length: weight }, () => make));

const KEY_COMMANDS: readonly ((random: Random) => Operation)[] = [
  (random) => KEY.hget(key(random)),
  (random) => KEY.hmget(keys(random)),
  () => KEY.hgetall(),
  () => KEY.hlen(),
  () => KEY.exists(),
  () => KEY.pttl(),
  (random) => KEY.hdel(keys(random)),
  (random) => KEY.expire('ms', random.between(5, 4000)),
  () => KEY.del(),
];

const member = (random: Random) => `m${random.between(0, 9)}`;
/** Now and then so many that a set is hashed, and a sorted set has a tree. */
const members = (random: Random) =>
  random.chance(0.05) ? Array.from({ length: 80 }, (_, i) => `m${i}`) : random.some(1, 3, () => member(random));

/** On a key that is a set or a sorted set, whichever it became first. Commands for the other kind are refused. */
const MEMBER_COMMANDS: readonly ((random: Random) => Operation)[] = [
  (random) => KEY.sadd(members(random)),
  (random) => KEY.srem(members(random)),
  () => KEY.smembers(),
  (random) => KEY.sismember(member(random)),
  () => KEY.scard(),
  (random) => KEY.zadd(members(random).flatMap((one) => [one, String(random.between(-5, 5))])),
  (random) => KEY.zrem(members(random)),
  (random) => KEY.zremrangebyscore(random.between(-5, 0), random.between(-5, 0)),
  () => KEY.zrange(),
  (random) => KEY.zrank(member(random)),
  () => KEY.zcard(),
  () => KEY.pttl(),
  (random) => KEY.expire('ms', random.between(5, 4000)),
  () => KEY.del(),
];

function expire(random: Random): Operation {
  const flag = random.pick([undefined, '0', '1', 'yes', 'no']);
  return random.chance(0.7)
    ? SESSION.expire('ms', random.between(5, 4000), flag)
    : SESSION.expire('s', random.between(1, 5), flag);
}

/** @param address A token, or `@name`. */
export function commandOn(operation: Operation, address: string): Command {
  const token = address.startsWith('@') ? undefined : address;
  return { ...operation, words: operation.words(address), token };
}

/** A random command on the session. @param address A token, or `@name`. */
export function randomCommand(session: KnownSession, address: string, random: Random): Command {
  if (address.startsWith('@') && random.chance(0.3)) {
    return { ...commandOn(random.pick(KEY_COMMANDS)(random), address.slice(1)), token: undefined };
  }
  if (random.between(1, DECK.length + ROTATE_WEIGHT) <= DECK.length) {
    return commandOn(random.pick(DECK)(random, session.name), address);
  }
  const grace = random.chance(0.5) ? random.between(1, 2) : 0;
  return {
    ...commandOn(SESSION.rotate(grace), address),
    after: (reply, at) => session.rotated(String(reply), grace * 1000, at),
  };
}

/** A random command on a key that is a set or a sorted set. */
export function memberCommand(name: string, random: Random): Command {
  return { ...commandOn(random.pick(MEMBER_COMMANDS)(random), name), token: undefined };
}

/** How a random new session is created, and its state then. @param longest The most seconds that it lives. */
export class Draft {
  readonly settings: Session = noSession();
  readonly #options: readonly string[];
  readonly #data: readonly string[];

  constructor(random: Random, longest: number) {
    const ttl = random.chance(0.8) ? random.between(1, longest) : 0;
    const deleteSession = random.chance(0.7);
    const extend = ttl === 0 ? 'none' : random.pick(['none', 'get', 'set', 'both'] as const);
    // A session whose token is lost with a connection must not remain forever.
    const maxAge = ttl === 0 || !deleteSession || extend !== 'none' ? random.between(2, longest) : 0;
    Object.assign(this.settings, { duration: ttl * 1000, deleteSession, extend, maxAge });
    this.#data = random.chance(0.6) ? entries(random) : [];
    put(this.settings.data, this.#data);
    this.#options = [
      String(ttl),
      random.pick(deleteSession ? ['1', 'yes', 'true'] : ['0', 'no', 'false']),
      ...(extend === 'none' ? [] : ['EXTEND', extend]),
      ...(maxAge === 0 ? [] : ['MAXAGE', String(maxAge)]),
    ];
  }

  /** The request that creates it. */
  words(name: string, ...options: readonly string[]): string[] {
    const data = this.#data.length === 0 ? [] : ['DATA', ...this.#data];
    return ['SESSION.NEW', name, ...this.#options, ...options, ...data];
  }

  /** The command that creates it as the shared session of that name. */
  shared(name: string): Command {
    return createShared(this.words(name, 'SHARED'), this.settings);
  }
}
