import { Failure, isError, isStatus, mapOf, type Reply, show } from './replies.js';
import { after, changed, Data, noSession, put, read, type Session, type Span, start } from './session.js';

/** The commands on one session: how each is sent, what it does to the session, and which replies are right. */

export type Expected = (reply: Reply) => boolean;

export interface Operation {
  /** The request for the session with this address: a token, `@name`, or the name if it is a command on keys. */
  readonly words: (address: string) => string[];
  /** The server may refuse it when memory is short. */
  readonly takesMemory: boolean;
  /** Changes the session as the server must. Returns which reply is right. */
  readonly run: (session: Session, at: Span) => Expected;
}

type Effect = Operation['run'];

/** How many ms early or late a deadline may seem, because two processes read the clock and both round. */
export const SLACK = 3;
const INTEGER = /^(?:0|-?[1-9]\d{0,15})$/;
const TOKEN = /^[\w-]{21}[AQgw]$/;
/** The key of the data under which a session keeps the value of a string key. */
export const VALUE = '';

const is =
  (expected: Reply): Expected =>
  (reply) =>
    show(reply) === show(expected);
const wrongType: Expected = (reply) => isError(reply, 'WRONGTYPE');
const ok: Expected = (reply) => isStatus(reply, 'OK');
const missing: Expected = (reply) => isError(reply, 'NOSESSION');
const error =
  (text: string): Expected =>
  (reply) =>
    reply instanceof Failure && reply.text === `ERR ${text}`;
export const isToken = (reply: Reply): reply is string => typeof reply === 'string' && TOKEN.test(reply);

function command(name: string, args: readonly string[], run: Effect, takesMemory = false): Operation {
  return { words: (address) => [...name.split(' '), address, ...args], takesMemory, run };
}

/** A command that needs a live session. */
function onSession(name: string, args: readonly string[], run: Effect, takesMemory = false): Operation {
  return command(`SESSION.${name}`, args, (session, at) => (session.alive ? run(session, at) : missing), takesMemory);
}

/** A command that reads data without extending the session. */
function look(name: string, args: readonly string[], reply: (data: Session['data']) => Expected): Operation {
  return onSession(name, args, ({ data }) => reply(data));
}

function reads(name: string, args: readonly string[], reply: (data: Session['data']) => Expected): Operation {
  return onSession(name, args, (session, at) => {
    read(session, at);
    return reply(session.data);
  });
}

/** A command that changes the data. @param edit Returns the reply, and whether it changed anything. */
function writes(
  name: string,
  args: readonly string[],
  edit: (data: Session['data']) => readonly [reply: Expected, changed: boolean],
  takesMemory = true,
): Operation {
  const run: Effect = (session, at) => {
    const [reply, isChanged] = edit(session.data);
    if (isChanged) changed(session, at);
    return reply;
  };
  return onSession(name, args, run, takesMemory);
}

/** The reply is the number of changes. */
const howMany = (count: number) => [is(count), count > 0] as const;

function remove(data: Session['data'], keys: readonly string[]): number {
  return keys.filter((key) => data.delete(key)).length;
}

function clear(data: Session['data']): number {
  const { size } = data;
  data.clear();
  return size;
}

function end(session: Session): Expected {
  session.alive = false;
  return is(1);
}

function timeLeft(session: Session, at: Span, unit: number): Expected {
  if (!session.alive) return is(-2);
  const deadlines = [session.due, session.end].filter((span) => span !== undefined);
  if (deadlines.length === 0) return is(-1);
  const least = Math.min(...deadlines.map(({ from }) => from)) - at.to - SLACK;
  const most = Math.min(...deadlines.map(({ to }) => to)) - at.from + SLACK;
  return (reply) =>
    typeof reply === 'number' && reply >= 1 && reply >= Math.ceil(least / unit) && reply <= Math.ceil(most / unit) + 1;
}

function isMapOf(data: Session['data']): Expected {
  return (reply) => {
    if (!(reply instanceof Map || Array.isArray(reply))) return false;
    const map = mapOf(reply);
    return map.size === data.size && [...data].every(([key, text]) => map.get(key) === text);
  };
}

function isSetOf(keys: Iterable<string>): Expected {
  const sorted = (items: readonly Reply[]) => show(items.map(String).toSorted());
  return (reply) => Array.isArray(reply) && sorted(reply) === sorted([...keys]);
}

function isInfoOf(session: Session, name: string, at: Span): Expected {
  const { data } = session;
  const expected = {
    name,
    keys: data.size,
    bytes: [...data].reduce((sum, [key, text]) => sum + key.length + text.length, 0),
    extend: session.extend,
    duration: Math.ceil(session.duration / 1000),
    maxage: session.maxAge,
    // RESP3 has booleans, RESP2 has 0 and 1.
    shared: Number(session.shared),
    deleteSession: Number(session.deleteSession),
  };
  return (reply) => {
    if (reply instanceof Failure) return false;
    const info = mapOf(reply);
    const value = (field: string) => (typeof info.get(field) === 'boolean' ? Number(info.get(field)) : info.get(field));
    return (
      Object.entries(expected).every(([field, is]) => value(field) === is) &&
      timeLeft(session, at, 1)(info.get('pttl') ?? null)
    );
  };
}

export const SESSION_OPERATIONS = {
  set: (entries: readonly string[]) =>
    writes('SET', entries, (data) => {
      put(data, entries);
      return [ok, true];
    }),
  add: (entries: readonly string[]) =>
    writes('ADD', entries, (data) => {
      const { size } = data;
      for (let i = 0; i < entries.length; i += 2) if (!data.has(entries[i])) data.set(entries[i], entries[i + 1]);
      return howMany(data.size - size);
    }),
  cas: (key: string, old: string, next: string) =>
    writes('CAS', [key, old, next], (data) => {
      const isOld = data.get(key) === old;
      if (isOld) data.set(key, next);
      return howMany(isOld ? 1 : 0);
    }),
  incrby: (key: string, by: number) =>
    writes('INCRBY', [key, String(by)], (data) => {
      const before = data.get(key) ?? '0';
      if (!INTEGER.test(before))
        return [
          error('value is not an integer: the value of this key must be a whole number from -2^63 to 2^63 - 1'),
          false,
        ];
      data.change(key, String(Number(before) + by));
      return [is(Number(before) + by), true];
    }),
  append: (key: string, more: string) =>
    writes('APPEND', [key, more], (data) => {
      const text = (data.get(key) ?? '') + more;
      data.change(key, text);
      return [is(text.length), true];
    }),
  /** @param ttl Seconds. */
  setex: (ttl: number, entries: readonly string[]) =>
    onSession(
      'SETEX',
      [String(ttl), ...entries],
      (session, at) => {
        const { data } = session;
        put(data, entries);
        for (let i = 0; i < entries.length; i += 2) data.due.set(entries[i], after(at, ttl * 1000));
        changed(session, at);
        return ok;
      },
      true,
    ),
  keypersist: (keys: readonly string[]) =>
    writes('KEYPERSIST', keys, (data) => howMany(keys.filter((key) => data.due.delete(key)).length), false),
  get: (key: string) => reads('GET', [key], (data) => is(data.get(key) ?? null)),
  mget: (keys: readonly string[]) => reads('MGET', keys, (data) => is(keys.map((key) => data.get(key) ?? null))),
  getall: () => reads('GETALL', [], (data) => isMapOf(data)),
  del: (keys: readonly string[]) => writes('DEL', keys, (data) => howMany(remove(data, keys)), false),
  contains: (keys: readonly string[]) => look('CONTAINS', keys, (data) => is(keys.map((key) => Number(data.has(key))))),
  keys: () => look('KEYS', [], (data) => isSetOf(data.keys())),
  count: () => look('COUNT', [], (data) => is(data.size)),
  clear: () => writes('CLEAR', [], (data) => howMany(clear(data)), false),
  clearset: (entries: readonly string[]) =>
    writes('CLEARSET', entries, (data) => {
      const cleared = clear(data);
      put(data, entries);
      return [is(cleared), true];
    }),
  /** @param flag What to set deleteSession to. */
  expire: (unit: 's' | 'ms', ttl: number, flag?: string) =>
    command(
      unit === 's' ? 'SESSION.EXPIRE' : 'SESSION.PEXPIRE',
      [String(ttl), ...(flag === undefined ? [] : [flag])],
      (session, at) => {
        if (!session.alive) return is(0);
        if (flag !== undefined) session.deleteSession = flag === '1' || flag === 'yes';
        session.duration = unit === 's' ? ttl * 1000 : ttl;
        start(session, at);
        return is(1);
      },
    ),
  pttl: () => command('SESSION.PTTL', [], (session, at) => timeLeft(session, at, 1)),
  ttl: () => command('SESSION.TTL', [], (session, at) => timeLeft(session, at, 1000)),
  touch: () =>
    command('SESSION.TOUCH', [], (session, at) => {
      if (!session.alive || session.due === undefined) return is(0);
      start(session, at);
      return is(1);
    }),
  exists: () => command('SESSION.EXISTS', [], ({ alive }) => is(Number(alive))),
  mexists: () => command('SESSION.MEXISTS', [], ({ alive }) => is([Number(alive)])),
  memory: () =>
    command('MEMORY USAGE', [], ({ alive }) => (alive ? (reply) => typeof reply === 'number' && reply > 0 : is(null))),
  info: (name: string) => onSession('INFO', [], (session, at) => isInfoOf(session, name, at)),
  end: () => command('SESSION.END', [], (session) => (session.alive ? end(session) : is(0))),
  /** By the name that only this session has. */
  endname: (name: string): Operation => ({
    words: () => ['SESSION.ENDNAME', name],
    takesMemory: false,
    run: (session) => (session.alive ? end(session) : is(0)),
  }),
  /** @param grace Seconds for which the old token remains valid. */
  rotate: (grace: number) =>
    onSession(
      'ROTATE',
      grace === 0 ? [] : ['GRACE', String(grace)],
      ({ shared }) =>
        shared ? error('the token of a shared session is derived from its name, so it cannot be rotated') : isToken,
      true,
    ),
} as const;

/** A shared session is a key while it has data. */
function isKey({ alive, data }: Session): boolean {
  return alive && data.size > 0;
}

/** A command on a key that reads nothing if there is no such key. */
function readsKey(name: string, args: readonly string[], reply: (data: Session['data']) => Expected): Operation {
  return command(name, args, (session, at) => {
    if (!isKey(session)) return reply(new Data());
    read(session, at);
    return reply(session.data);
  });
}

/** Like `readsKey`, for a set or a sorted set. */
function readsMembers(
  kind: 'set' | 'zset',
  name: string,
  args: readonly string[],
  reply: (data: Session['data']) => Expected,
): Operation {
  const { run, ...operation } = readsKey(name, args, reply);
  return {
    ...operation,
    run: (session, at) => (isKey(session) && session.kind !== kind ? wrongType : run(session, at)),
  };
}

function onKey(name: string, args: readonly string[], run: Effect): Operation {
  return command(name, args, (session, at) => (isKey(session) ? run(session, at) : is(0)));
}

/** A command that creates the key if it does not exist. */
function writesKey(name: string, args: readonly string[], edit: (session: Session, at: Span) => Expected): Operation {
  const run: Effect = (session, at) => {
    if (!session.alive) Object.assign(session, { ...noSession(), alive: true, shared: true });
    return edit(session, at);
  };
  return command(name, args, run, true);
}

/** A command that adds members with values to a set or a sorted set, which it creates if it does not exist. */
function addsTo(kind: 'set' | 'zset', name: string, args: readonly string[], entries: readonly string[]): Operation {
  return writesKey(name, args, (session, at) => {
    const { data } = session;
    if (data.size > 0 && session.kind !== kind) return wrongType;
    session.kind = kind;
    const [size, before] = [data.size, show([...data])];
    put(data, entries);
    if (show([...data]) !== before) changed(session, at);
    return is(data.size - size);
  });
}

/** A command that removes some members of a set or a sorted set. */
function removesFrom(
  kind: 'set' | 'zset',
  name: string,
  args: readonly string[],
  isRemoved: (member: string, value: string) => boolean,
): Operation {
  return onKey(name, args, (session, at) => {
    if (session.kind !== kind) return wrongType;
    const removed = remove(
      session.data,
      [...session.data].filter(([member, value]) => isRemoved(member, value)).map(([member]) => member),
    );
    if (removed > 0) changed(session, at);
    if (session.data.size === 0) end(session);
    return is(removed);
  });
}

/** Returns members in the order of their scores. */
export function inOrder(data: Session['data']): string[] {
  return [...data]
    .sort(([a, low], [b, high]) => Number(low) - Number(high) || (a < b ? -1 : 1))
    .map(([member]) => member);
}

/** Redis' commands on a key, which is a shared session. */
export const KEY_OPERATIONS = {
  sadd: (members: readonly string[]) =>
    addsTo(
      'set',
      'SADD',
      members,
      members.flatMap((member) => [member, '']),
    ),
  srem: (members: readonly string[]) => removesFrom('set', 'SREM', members, (member) => members.includes(member)),
  smembers: () => readsMembers('set', 'SMEMBERS', [], (data) => isSetOf(data.keys())),
  sismember: (member: string) => readsMembers('set', 'SISMEMBER', [member], (data) => is(Number(data.has(member)))),
  scard: () => readsMembers('set', 'SCARD', [], (data) => is(data.size)),
  /** @param entries Alternating members and scores, which must be integers. */
  zadd: (entries: readonly string[]) =>
    addsTo(
      'zset',
      'ZADD',
      entries.map((_, i) => entries[i ^ 1]),
      entries,
    ),
  zrem: (members: readonly string[]) => removesFrom('zset', 'ZREM', members, (member) => members.includes(member)),
  zremrangebyscore: (min: number, max: number) =>
    removesFrom('zset', 'ZREMRANGEBYSCORE', [String(min), String(max)], (_, score) => +score >= min && +score <= max),
  zrange: () => readsMembers('zset', 'ZRANGE', ['0', '-1'], (data) => is(inOrder(data))),
  zrank: (member: string) =>
    readsMembers('zset', 'ZRANK', [member], (data) => is(data.has(member) ? inOrder(data).indexOf(member) : null)),
  zcard: () => readsMembers('zset', 'ZCARD', [], (data) => is(data.size)),
  hget: (key: string) => readsKey('HGET', [key], (data) => is(data.get(key) ?? null)),
  hmget: (keys: readonly string[]) => readsKey('HMGET', keys, (data) => is(keys.map((key) => data.get(key) ?? null))),
  hgetall: () => readsKey('HGETALL', [], (data) => isMapOf(data)),
  hlen: () => command('HLEN', [], (session) => is(isKey(session) ? session.data.size : 0)),
  exists: () => command('EXISTS', [], (session) => is(Number(isKey(session)))),
  pttl: () => command('PTTL', [], (session, at) => (isKey(session) ? timeLeft(session, at, 1) : is(-2))),
  hdel: (keys: readonly string[]) =>
    onKey('HDEL', keys, (session, at) => {
      const deleted = remove(session.data, keys);
      if (deleted > 0) changed(session, at);
      // Redis has no empty hashes.
      if (session.data.size === 0) end(session);
      return is(deleted);
    }),
  expire: (unit: 's' | 'ms', ttl: number) =>
    onKey(unit === 's' ? 'EXPIRE' : 'PEXPIRE', [String(ttl)], (session, at) => {
      session.duration = unit === 's' ? ttl * 1000 : ttl;
      start(session, at);
      return is(1);
    }),
  del: () => onKey('DEL', [], end),
  hset: (entries: readonly string[]) =>
    writesKey('HSET', entries, (session, at) => {
      session.kind = 'hash';
      const { size } = session.data;
      put(session.data, entries);
      changed(session, at);
      return is(session.data.size - size);
    }),
  /** Gives fields of a hash a duration in seconds. */
  hexpire: (ttl: number, fields: readonly string[]) =>
    command('HEXPIRE', [String(ttl), 'FIELDS', String(fields.length), ...fields], (session, at) => {
      const { data } = session;
      const there = fields.filter((field) => isKey(session) && data.has(field));
      for (const field of there) data.due.set(field, after(at, ttl * 1000));
      if (there.length > 0) changed(session, at);
      return is(fields.map((field) => (there.includes(field) ? 1 : -2)));
    }),
  /** SET with a duration in seconds. */
  set: (value: string, ttl: number) =>
    writesKey('SET', [value, 'EX', String(ttl)], (session, at) => {
      session.kind = 'string';
      session.data = new Data(new Map([[VALUE, value]]));
      session.duration = ttl * 1000;
      start(session, at);
      return ok;
    }),
  /** Overwrites part of a string key. Without an offset, appends to it. */
  write: (offset: number | undefined, value: string) =>
    writesKey(
      offset === undefined ? 'APPEND' : 'SETRANGE',
      offset === undefined ? [value] : [String(offset), value],
      (session) => {
        const { data } = session;
        session.kind = 'string';
        const old = data.get(VALUE) ?? '';
        const at = offset ?? old.length;
        const text = old.slice(0, at).padEnd(at, '\0') + value + old.slice(at + value.length);
        data.set(VALUE, text);
        return is(text.length);
      },
    ),
} as const;
