import type { Random } from '../tools/random.js';
import { Failure, isError, mapOf, type Reply, Status, show } from '../tools/replies.js';
import { type Act, type ModelSession, read, SLACK, start, type World, wrote } from './model.js';
import type { Span } from './stage.js';

/** The commands on one session, and what each must do and reply. */

const INTEGER = /^(?:0|-?[1-9]\d{0,15})$/;
const KEYS = ['k0', 'k1', 'k2', 'bin\r\n\0\xff', 'n0', 'n1'];
/** Bytes in the longest value that is set. */
const LONG = 2000;

type Expected = (reply: Reply) => boolean;

const is =
  (expected: Reply): Expected =>
  (reply) =>
    show(reply) === show(expected);
const ok: Expected = (reply) => reply instanceof Status && reply.text === 'OK';
const noSession: Expected = (reply) => isError(reply, 'NOSESSION');
const error =
  (text: string): Expected =>
  (reply) =>
    isError(reply, 'ERR') && reply.text === `ERR ${text}`;
export const isToken = (reply: Reply): reply is string => typeof reply === 'string' && /^[\w-]{21}[AQgw]$/.test(reply);

interface Draft {
  readonly words: readonly string[];
  readonly takesMemory?: boolean;
  readonly run: Act['run'];
  after?(reply: Reply, at: Span): void;
}

type Maker = (session: ModelSession, random: Random) => Draft;

/** A command that needs a live session. */
const onData = (words: string[], run: Act['run'], takesMemory = false): Draft => ({
  words,
  takesMemory,
  run: (world, at) => (world.alive ? run(world, at) : noSession),
});

function value(random: Random): string {
  if (random.chance(0.4)) return String(random.between(-1000, 1000));
  return random.bytes(random.chance(0.05) ? random.between(200, LONG) : random.between(0, 40));
}

function keys(random: Random): string[] {
  return Array.from({ length: random.between(1, 3) }, () => random.pick(KEYS));
}

function pairs(random: Random): string[] {
  return keys(random).flatMap((key) => [key, value(random)]);
}

function put(world: World, given: readonly string[]): void {
  for (let i = 0; i < given.length; i += 2) world.data.set(given[i], given[i + 1]);
}

function timeLeft({ due, end }: World, at: Span, unit: number): Expected {
  const deadlines = [due, end].filter((span) => span !== undefined);
  if (deadlines.length === 0) return is(-1);
  const least = Math.min(...deadlines.map(({ from }) => from)) - at.to - SLACK;
  const most = Math.min(...deadlines.map(({ to }) => to)) - at.from + SLACK;
  return (reply) =>
    typeof reply === 'number' && reply >= 1 && reply >= Math.ceil(least / unit) && reply <= Math.ceil(most / unit) + 1;
}

const MAKERS: readonly (readonly [weight: number, make: Maker])[] = [
  [
    14,
    (_, random) => {
      const given = pairs(random);
      return onData(
        ['SESSION.SET', '', ...given],
        (world, at) => {
          put(world, given);
          wrote(world, at);
          return ok;
        },
        true,
      );
    },
  ],
  [
    4,
    (_, random) => {
      const given = pairs(random);
      return onData(
        ['SESSION.ADD', '', ...given],
        (world, at) => {
          const before = world.data.size;
          for (let i = 0; i < given.length; i += 2) {
            if (!world.data.has(given[i])) world.data.set(given[i], given[i + 1]);
          }
          const added = world.data.size - before;
          if (added > 0) wrote(world, at);
          return is(added);
        },
        true,
      );
    },
  ],
  [
    5,
    (_, random) => {
      const key = random.pick(['n0', 'n1']);
      const [old, next] = [String(random.between(0, 2)), String(random.between(0, 2))];
      return onData(
        ['SESSION.CAS', '', key, old, next],
        (world, at) => {
          if (world.data.get(key) !== old) return is(0);
          world.data.set(key, next);
          wrote(world, at);
          return is(1);
        },
        true,
      );
    },
  ],
  [
    10,
    (_, random) => {
      const key = random.pick(KEYS);
      const increment = random.between(-2, 2);
      return onData(
        ['SESSION.INCRBY', '', key, String(increment)],
        (world, at) => {
          const before = world.data.get(key) ?? '0';
          if (!INTEGER.test(before)) return error('hash value is not an integer');
          const sum = Number(before) + increment;
          world.data.set(key, String(sum));
          wrote(world, at);
          return is(sum);
        },
        true,
      );
    },
  ],
  [
    5,
    (_, random) => {
      const key = random.pick(KEYS);
      const more = random.bytes(random.between(0, 30));
      return onData(
        ['SESSION.APPEND', '', key, more],
        (world, at) => {
          const text = (world.data.get(key) ?? '') + more;
          world.data.set(key, text);
          wrote(world, at);
          return is(text.length);
        },
        true,
      );
    },
  ],
  [
    14,
    (_, random) => {
      const key = random.pick(KEYS);
      return onData(['SESSION.GET', '', key], (world, at) => {
        read(world, at);
        return is(world.data.get(key) ?? null);
      });
    },
  ],
  [
    6,
    (_, random) => {
      const given = keys(random);
      return onData(['SESSION.MGET', '', ...given], (world, at) => {
        read(world, at);
        return is(given.map((key) => world.data.get(key) ?? null));
      });
    },
  ],
  [
    10,
    () =>
      onData(['SESSION.GETALL', ''], (world, at) => {
        read(world, at);
        return (reply) => isMapOf(reply, world.data);
      }),
  ],
  [
    5,
    (_, random) => {
      const given = keys(random);
      return onData(['SESSION.DEL', '', ...given], (world, at) => {
        const deleted = given.filter((key) => world.data.delete(key)).length;
        if (deleted > 0) wrote(world, at);
        return is(deleted);
      });
    },
  ],
  [
    3,
    (_, random) => {
      const given = keys(random);
      return onData(['SESSION.CONTAINS', '', ...given], (world) =>
        is(given.map((key) => (world.data.has(key) ? 1 : 0))),
      );
    },
  ],
  [
    2,
    () =>
      onData(
        ['SESSION.KEYS', ''],
        (world) => (reply) => Array.isArray(reply) && sorted(reply) === sorted([...world.data.keys()]),
      ),
  ],
  [2, () => onData(['SESSION.COUNT', ''], (world) => is(world.data.size))],
  [
    2,
    () =>
      onData(['SESSION.CLEAR', ''], (world, at) => {
        const cleared = world.data.size;
        world.data.clear();
        if (cleared > 0) wrote(world, at);
        return is(cleared);
      }),
  ],
  [
    3,
    (_, random) => {
      const given = pairs(random);
      return onData(
        ['SESSION.CLEARSET', '', ...given],
        (world, at) => {
          const cleared = world.data.size;
          world.data.clear();
          put(world, given);
          wrote(world, at);
          return is(cleared);
        },
        true,
      );
    },
  ],
  [
    4,
    (_, random) => {
      const inMs = random.chance(0.7);
      const ttl = inMs ? random.between(5, 4000) : random.between(1, 5);
      const flag = random.pick([undefined, '0', '1', 'yes', 'no']);
      return {
        words: [inMs ? 'SESSION.PEXPIRE' : 'SESSION.EXPIRE', '', String(ttl), ...(flag === undefined ? [] : [flag])],
        run: (world, at) => {
          if (!world.alive) return is(0);
          if (flag !== undefined) world.deleteSession = flag === '1' || flag === 'yes';
          world.duration = inMs ? ttl : ttl * 1000;
          start(world, at);
          return is(1);
        },
      };
    },
  ],
  [
    4,
    () => ({
      words: ['SESSION.PTTL', ''],
      run: (world, at) => (world.alive ? timeLeft(world, at, 1) : is(-2)),
    }),
  ],
  [
    2,
    () => ({
      words: ['SESSION.TTL', ''],
      run: (world, at) => (world.alive ? timeLeft(world, at, 1000) : is(-2)),
    }),
  ],
  [
    4,
    () => ({
      words: ['SESSION.TOUCH', ''],
      run: (world, at) => {
        if (!world.alive || world.due === undefined) return is(0);
        start(world, at);
        return is(1);
      },
    }),
  ],
  [2, () => ({ words: ['SESSION.EXISTS', ''], run: (world) => is(world.alive ? 1 : 0) })],
  [2, () => ({ words: ['SESSION.MEXISTS', ''], run: (world) => is([world.alive ? 1 : 0]) })],
  [
    2,
    () => ({
      words: ['MEMORY', 'USAGE', ''],
      run: (world) => (world.alive ? (reply) => typeof reply === 'number' && reply > 0 : is(null)),
    }),
  ],
  [
    3,
    (session) =>
      onData(['SESSION.INFO', ''], (world, at) => (reply) => {
        if (reply instanceof Failure) return false;
        const info = mapOf(reply);
        const bytes = [...world.data].reduce((sum, [key, text]) => sum + key.length + text.length, 0);
        const left = info.get('pttl') ?? null;
        return (
          info.get('name') === session.name &&
          info.get('keys') === world.data.size &&
          info.get('bytes') === bytes &&
          info.get('extend') === world.extend &&
          info.get('duration') === Math.ceil(world.duration / 1000) &&
          info.get('maxage') === world.maxAge &&
          Number(info.get('shared')) === Number(world.shared) &&
          Number(info.get('deleteSession')) === Number(world.deleteSession) &&
          timeLeft(world, at, 1)(left)
        );
      }),
  ],
  [
    2,
    () => ({
      words: ['SESSION.END', ''],
      run: (world) => {
        if (!world.alive) return is(0);
        end(world);
        return is(1);
      },
    }),
  ],
  [
    3,
    (session, random) => {
      const grace = random.chance(0.5) ? random.between(1, 2) : 0;
      return {
        ...onData(
          ['SESSION.ROTATE', '', ...(grace === 0 ? [] : ['GRACE', String(grace)])],
          ({ shared }) =>
            shared ? error('the token of a shared session follows from its name and cannot be rotated') : isToken,
          true,
        ),
        after: (reply, at) => session.rotated(String(reply), grace * 1000, at),
      };
    },
  ],
];

/** Redis' commands on the key that a shared session is while it has data: they reach the same session. */
const KEY_MAKERS: readonly Maker[] = [
  (_, random) => {
    const key = random.pick(KEYS);
    return {
      words: ['HGET', '', key],
      run: (world, at) => {
        if (isKey(world)) read(world, at);
        return is(isKey(world) ? (world.data.get(key) ?? null) : null);
      },
    };
  },
  (_, random) => {
    const given = keys(random);
    return {
      words: ['HMGET', '', ...given],
      run: (world, at) => {
        if (isKey(world)) read(world, at);
        return is(given.map((key) => (isKey(world) ? (world.data.get(key) ?? null) : null)));
      },
    };
  },
  () => ({
    words: ['HGETALL', ''],
    run: (world, at) => {
      if (isKey(world)) read(world, at);
      return (reply) => isMapOf(reply, isKey(world) ? world.data : new Map());
    },
  }),
  () => ({ words: ['HLEN', ''], run: (world) => is(isKey(world) ? world.data.size : 0) }),
  () => ({ words: ['EXISTS', ''], run: (world) => is(isKey(world) ? 1 : 0) }),
  () => ({ words: ['PTTL', ''], run: (world, at) => (isKey(world) ? timeLeft(world, at, 1) : is(-2)) }),
  (_, random) => {
    const given = keys(random);
    return {
      words: ['HDEL', '', ...given],
      run: (world, at) => {
        if (!isKey(world)) return is(0);
        const deleted = given.filter((key) => world.data.delete(key)).length;
        if (deleted > 0) wrote(world, at);
        // An empty hash is no key.
        if (world.data.size === 0) end(world);
        return is(deleted);
      },
    };
  },
  (_, random) => {
    const ms = random.between(5, 4000);
    return {
      words: ['PEXPIRE', '', String(ms)],
      run: (world, at) => {
        if (!isKey(world)) return is(0);
        world.duration = ms;
        start(world, at);
        return is(1);
      },
    };
  },
  () => ({
    words: ['DEL', ''],
    run: (world) => {
      if (!isKey(world)) return is(0);
      end(world);
      return is(1);
    },
  }),
];

function isKey({ alive, data }: World): boolean {
  return alive && data.size > 0;
}

function end(world: World): void {
  world.alive = false;
  world.why = 'other';
}

/** Each as often as it is to be drawn. */
const DECK = MAKERS.flatMap(([weight, make]) => Array.from({ length: weight }, () => make));

/** Some command on the session. @param address A token, or `@name`. */
export function randomAct(session: ModelSession, address: string, random: Random): Act {
  if (address.startsWith('@') && random.chance(0.3)) {
    const { words, ...draft } = random.pick(KEY_MAKERS)(session, random);
    const [command, , ...rest] = words;
    return { takesMemory: false, ...draft, words: [command, address.slice(1), ...rest], token: undefined };
  }
  const draft = random.pick(DECK)(session, random);
  return {
    takesMemory: false,
    ...draft,
    words: draft.words.map((word, i) => (word === '' && (i === 1 || draft.words[0] === 'MEMORY') ? address : word)),
    token: address.startsWith('@') ? undefined : address,
  };
}

/** SESSION.GETALL, which tells more than any other command. */
export function lookAct(address: string): Act {
  return {
    words: ['SESSION.GETALL', address],
    token: address.startsWith('@') ? undefined : address,
    takesMemory: false,
    run: (world, at) => {
      if (!world.alive) return noSession;
      read(world, at);
      return (reply) => isMapOf(reply, world.data);
    },
  };
}

/** Settings for a new session, as words and as the world in which it was made. */
export function randomSettings(random: Random, longest: number): { words: string[]; world: World } {
  const ttl = random.chance(0.8) ? random.between(1, longest) : 0;
  const deleteSession = random.chance(0.7);
  const extend = ttl === 0 ? 'none' : random.pick(['none', 'get', 'set', 'both'] as const);
  // One whose token is lost with a connection must not stay for ever.
  const maxAge = ttl === 0 || !deleteSession || extend !== 'none' ? random.between(2, longest) : 0;
  const data = random.chance(0.6) ? pairs(random) : [];
  const words = [
    String(ttl),
    random.pick(deleteSession ? ['1', 'yes', 'true'] : ['0', 'no', 'false']),
    ...(extend === 'none' ? [] : ['EXTEND', extend]),
    ...(maxAge === 0 ? [] : ['MAXAGE', String(maxAge)]),
  ];
  const world: World = {
    alive: true,
    why: 'other',
    data: new Map(),
    duration: ttl * 1000,
    deleteSession,
    extend,
    shared: false,
    maxAge,
    due: undefined,
    end: undefined,
  };
  put(world, data);
  return { words: data.length === 0 ? words : [...words, '\0DATA', ...data], world };
}

/** The words of SESSION.NEW with further options; DATA comes last. */
export function newWords(name: string, settings: readonly string[], options: readonly string[] = []): string[] {
  const data = settings.indexOf('\0DATA');
  const [before, behind] = data < 0 ? [settings, []] : [settings.slice(0, data), ['DATA', ...settings.slice(data + 1)]];
  return ['SESSION.NEW', name, ...before, ...options, ...behind];
}

/** The world of a session that was made at that time. */
export function born(world: World, at: Span): World {
  const young = { ...world, data: new Map(world.data) };
  start(young, at);
  const age = world.maxAge * 1000;
  if (age > 0) young.end = { from: at.from + age, to: at.to + age };
  return young;
}

/** Creates the shared session of the name anew, which fails while there is one. */
export function createShared(name: string, random: Random, longest: number): Act {
  const { words, world } = randomSettings(random, longest);
  return {
    words: newWords(name, words, ['SHARED']),
    token: undefined,
    takesMemory: true,
    run: (present, at) => {
      if (present.alive) return (reply) => isError(reply, 'SESSIONEXISTS');
      Object.assign(present, born({ ...world, shared: true }, at));
      return isToken;
    },
  };
}

export function openShared(name: string): Act {
  return {
    words: ['SESSION.OPEN', name],
    token: undefined,
    takesMemory: false,
    run: ({ alive }) => (alive ? isToken : noSession),
  };
}

function isMapOf(reply: Reply, data: ReadonlyMap<string, string>): boolean {
  if (!(reply instanceof Map || Array.isArray(reply))) return false;
  const map = mapOf(reply);
  return map.size === data.size && [...data].every(([key, text]) => map.get(key) === text);
}

const sorted = (texts: readonly Reply[]): string => show(texts.map(String).toSorted());
