import { encodeRequest } from '../expiry/ask.js';
import type { Act, Dialect } from './dialect.js';
import { plainKeys } from './plain-keys.js';
import { dataOf, keyInUse, keyName, type Shape, ttlOf, valueIn } from './shape.js';
import { tokenOf } from './token.js';

/** A session is a hash. Extending it takes a second command, sent together with the first. */
export const redisDialect: Dialect = {
  ...plainKeys,
  create,
  login: create,
  logout: () => ({ request: (session) => encodeRequest('DEL', tokenOf(session)), replies: [':1'] }),
  read: (shape) => read(shape, (session) => ['HGET', tokenOf(session), keyInUse(shape)], `$${shape.valueLength}`),
  write: (shape) => write(shape, (session) => [tokenOf(session), keyInUse(shape)], ':0'),
  readAll: (shape) => read(shape, (session) => ['HGETALL', tokenOf(session)], `*${shape.keys.length * 2}`),
  addKey: (shape) => write(shape, (key) => [tokenOf(0), keyName(key)], ':1'),
  readKey: (shape) => read(shape, (key) => ['HGET', tokenOf(0), keyName(key)], `$${shape.valueLength}`),
  writeKey: (shape) => write(shape, (key) => [tokenOf(0), keyName(key)], ':0'),
};

function create(shape: Shape): Act {
  const data = dataOf(shape);
  return {
    request: (session) =>
      encodeRequest('HSET', tokenOf(session), ...data) + encodeExpire(tokenOf(session), ttlOf(shape, session)),
    replies: [`:${shape.keys.length}`, EXPIRED],
  };
}

function read(shape: Shape, command: (number: number) => readonly string[], reply: string): Act {
  return extending(shape, shape.extend === 'GET' || shape.extend === 'BOTH', command, reply);
}

/** @param reply The number of new fields. */
function write(shape: Shape, where: (number: number) => readonly string[], reply: string): Act {
  const value = valueIn(shape);
  const extends_ = shape.extend === 'SET' || shape.extend === 'BOTH';
  return extending(shape, extends_, (number) => ['HSET', ...where(number), value], reply);
}

/** Returns a command and, if it must extend the session, an EXPIRE of the key that it names first. */
function extending(shape: Shape, extend: boolean, command: (number: number) => readonly string[], reply: string): Act {
  if (!extend) return { request: (number) => encodeRequest(...command(number)), replies: [reply] };
  return {
    request(number) {
      const words = command(number);
      return encodeRequest(...words) + encodeExpire(words[1], shape.ttl);
    },
    replies: [reply, EXPIRED],
  };
}

/** The reply of EXPIRE if the key exists. */
const EXPIRED = ':1';

function encodeExpire(key: string, ttl: number): string {
  return encodeRequest('EXPIRE', key, ttl);
}
