import { parseInt64, withinInt64 } from '../../engine/fields/int64.js';
import { type KeyName, MAX_DURATION, type Session } from '../../engine/index.js';
import type { Context } from '../../execution/context/context.js';
import type { Slice } from '../../slice.js';
import type { Arguments } from '../arguments/arguments.js';
import type { Argument } from '../declaration/command.js';

/** A way to specify when a key expires, as a command or an option does. */
export interface ExpiryUnit {
  readonly msPerUnit: number;
  /** Whether it is a unix time, not a duration. */
  readonly isUnixTime: boolean;
  readonly argument: Argument;
}

export const SECONDS: ExpiryUnit = {
  msPerUnit: 1000,
  isUnixTime: false,
  argument: { name: 'seconds', type: 'integer' },
};
export const MILLISECONDS: ExpiryUnit = {
  msPerUnit: 1,
  isUnixTime: false,
  argument: { name: 'milliseconds', type: 'integer' },
};
export const UNIX_SECONDS: ExpiryUnit = {
  msPerUnit: 1000,
  isUnixTime: true,
  argument: { name: 'unix-time-seconds', type: 'unix-time' },
};
export const UNIX_MILLISECONDS: ExpiryUnit = {
  msPerUnit: 1,
  isUnixTime: true,
  argument: { name: 'unix-time-milliseconds', type: 'unix-time' },
};

/** The options that give an expiry. The words are in capitals. */
export const EXPIRY_OPTIONS: readonly (ExpiryUnit & { readonly word: string })[] = [
  { word: 'EX', ...SECONDS },
  { word: 'PX', ...MILLISECONDS },
  { word: 'EXAT', ...UNIX_SECONDS },
  { word: 'PXAT', ...UNIX_MILLISECONDS },
];

/**
 * Reads the time at which a key expires. Returns the ms until then: 0 or less if it has passed, and no more than
 * `MAX_DURATION`, however far off the time is.
 * @param given The argument with the time, which has already been taken from `args`.
 * @param least The least valid value, in its unit.
 * @throws CodedError not an integer, invalid expire time.
 */
export function readExpiry(
  unit: ExpiryUnit,
  given: Slice,
  least: number,
  { engine, server }: Context,
  args: Arguments,
): number {
  const time = args.timeIn(given, least, Infinity);
  if (Math.abs(time) > NEAR && !fits(unit, given, server.clock.wall())) throw args.invalidTime();
  const ms = time * unit.msPerUnit;
  return Math.min(unit.isUnixTime ? engine.timeUntil(ms) : ms, MAX_DURATION);
}

/** Times up to this far, in any unit, need no exact check. A double represents them exactly. */
const NEAR = 2 ** 52 / 1000;

/** Returns whether a time in ms, and the unix time at which a duration ends, are 64-bit integers, as in Redis. */
function fits({ msPerUnit, isUnixTime }: ExpiryUnit, given: Slice, now: number): boolean {
  const ms = (parseInt64(given) ?? 0n) * BigInt(msPerUnit);
  const end = isUnixTime ? ms : ms + BigInt(Math.floor(now));
  return withinInt64(ms) !== undefined && withinInt64(end) !== undefined;
}

/** Sets a key to expire `ms` from now: at once, if that is 0 or less. */
export function expireIn({ engine, server }: Context, key: KeyName, session: Session, ms: number): void {
  if (ms <= 0) {
    engine.end(session);
    return;
  }
  engine.setDuration(session, ms);
  server.keyspaceEvents.notify('g', 'expire', key);
}
