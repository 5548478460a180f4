import type { Verb } from '../sessions/dialect.js';
import { PLAIN, type Shape, TYPICAL, WHOLE } from '../sessions/shape.js';

/** An operation of an application, which is one or two commands in Redis. */
export interface ComparedAct {
  readonly name: string;
  readonly verb: Verb;
  readonly shape: Shape;
  /** The operation that creates the sessions to use. By default `create`. */
  readonly madeBy?: Verb;
  /** Whether the operation can be repeated on the same sessions, creates a session, or ends one. */
  readonly effect: 'repeats' | 'makes' | 'ends';
}

export const ACTS: readonly ComparedAct[] = [
  { name: 'read, sliding', verb: 'read', shape: TYPICAL, effect: 'repeats' },
  { name: 'write, sliding', verb: 'write', shape: { ...TYPICAL, extend: 'SET' }, effect: 'repeats' },
  { name: 'whole session', verb: 'readAll', shape: WHOLE, effect: 'repeats' },
  { name: 'login', verb: 'login', shape: TYPICAL, effect: 'makes' },
  { name: 'logout', verb: 'logout', shape: TYPICAL, effect: 'ends' },
  { name: 'GET', verb: 'getString', shape: PLAIN, madeBy: 'setString', effect: 'repeats' },
  { name: 'SET EX', verb: 'setString', shape: PLAIN, madeBy: 'setString', effect: 'repeats' },
  { name: 'plain read', verb: 'read', shape: { ...TYPICAL, extend: 'NONE' }, effect: 'repeats' },
];
