import { encodeRequest } from '../expiry/ask.js';
import type { Act, Dialect } from './dialect.js';
import { plainKeys } from './plain-keys.js';
import { dataOf, keyInUse, keyName, type Shape, ttlOf, valueIn } from './shape.js';
import { tokenOf } from './token.js';

const TOKEN = '$22';

/** The session's settings make the server extend it, so each operation is one command. */
export const respiteDialect: Dialect = {
  ...plainKeys,
  create: (shape) => ({
    request: (session) => encodeNew(shape, session, ['TOKEN', tokenOf(session)]),
    replies: [TOKEN],
  }),
  login: (shape) => ({ request: (session) => encodeNew(shape, session, []), replies: [TOKEN] }),
  logout: () => ({ request: (session) => encodeRequest('SESSION.END', tokenOf(session)), replies: [':1'] }),
  read: (shape) => get(shape, (session) => [tokenOf(session), keyInUse(shape)]),
  write: (shape) => set(shape, (session) => [tokenOf(session), keyInUse(shape)]),
  readAll: ({ keys }) => ({
    request: (session) => encodeRequest('SESSION.GETALL', tokenOf(session)),
    replies: [`*${keys.length * 2}`],
  }),
  addKey: (shape) => set(shape, (key) => [tokenOf(0), keyName(key)]),
  readKey: (shape) => get(shape, (key) => [tokenOf(0), keyName(key)]),
  writeKey: (shape) => set(shape, (key) => [tokenOf(0), keyName(key)]),
};

function encodeNew(shape: Shape, session: number, token: readonly string[]): string {
  const name = shape.names === 'one' ? 'user' : `user:${session}`;
  const extend = shape.extend === 'NONE' ? [] : ['EXTEND', shape.extend];
  return encodeRequest('SESSION.NEW', name, ttlOf(shape, session), ...extend, ...token, 'DATA', ...dataOf(shape));
}

function get({ valueLength }: Shape, where: (number: number) => readonly string[]): Act {
  return { request: (number) => encodeRequest('SESSION.GET', ...where(number)), replies: [`$${valueLength}`] };
}

function set(shape: Shape, where: (number: number) => readonly string[]): Act {
  const value = valueIn(shape);
  return { request: (number) => encodeRequest('SESSION.SET', ...where(number), value), replies: ['+OK'] };
}
