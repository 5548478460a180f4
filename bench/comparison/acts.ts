import type { Verb } from '../sessions/dialect.js';
import { PLAIN, type Shape, TYPICAL, WHOLE } from '../sessions/shape.js';

/** An act of an application, which takes Redis one command or two. */
export interface ComparedAct {
  readonly name: string;
  readonly verb: Verb;
  readonly shape: Shape;
  /** How the sessions are made that it is done to. Default `create`. */
  readonly madeBy?: Verb;
  /** Whether it can be done to the same sessions again and again, or makes one, or ends one. */
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
