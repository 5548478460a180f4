import { parseInteger } from '../../engine/fields/int64.js';
import type { KeyName, Session } from '../../engine/index.js';
import { CodedError, NOT_AN_INTEGER } from '../../errors.js';
import type { Context } from '../../execution/context/context.js';
import type { Slice } from '../../slice.js';
import type { Arguments } from '../arguments/arguments.js';
import type { Condition } from '../keys/expire-conditions.js';
import type { ExpiryUnit } from '../keys/expiry.js';
import { endIfEmpty } from '../keys/lookup.js';

/** The latest time at which a field can expire, in unix ms: in the year 4199. That of Redis. */
const LATEST = 2 ** 46 - 1;

/**
 * Takes the time at which fields expire. Returns the ms until then: 0 or less if it has passed.
 * @throws CodedError not an integer, negative, invalid expire time.
 */
export function readFieldExpiry(
  { msPerUnit, isUnixTime }: ExpiryUnit,
  { engine, server }: Context,
  args: Arguments,
): number {
  const time = parseInteger(args.slice());
  if (Number.isNaN(time)) throw NOT_AN_INTEGER;
  if (time < 0) throw new CodedError('ERR', 'invalid expire time, must be >= 0');
  const ms = time * msPerUnit;
  const latest = isUnixTime ? LATEST : LATEST - Math.floor(server.clock.wall());
  if (ms > latest) throw args.invalidTime();
  return isUnixTime ? engine.timeUntil(ms) : ms;
}

/** What became of a field that was to expire, as HEXPIRE replies it. */
export const Expiry = { NoField: -2, NotMet: 0, Set: 1, Removed: 2 } as const;

export type Expiry = (typeof Expiry)[keyof typeof Expiry];

/** Sets a field to expire `ms` from now, if a condition holds. Removes it if that is 0 or less. */
export function expireField(
  { engine }: Context,
  session: Session,
  field: Slice,
  ms: number,
  condition?: Condition,
): Expiry {
  const { data } = engine;
  if (!data.has(session, field)) return Expiry.NoField;
  if (condition?.holds(engine.keyTimeLeft(session, field), ms) === false) return Expiry.NotMet;
  if (ms <= 0) {
    data.delete(session, [field]);
    return Expiry.Removed;
  }
  data.setKeyDeadline(session, field, engine.now + ms);
  return Expiry.Set;
}

/** Notifies keyspace subscribers of what became of fields, and ends the key if none is left. */
export function notifyExpiries(context: Context, key: KeyName, session: Session, outcomes: readonly Expiry[]): void {
  const { keyspaceEvents } = context.server;
  if (outcomes.includes(Expiry.Removed)) {
    keyspaceEvents.notify('h', 'hdel', key);
    endIfEmpty(context, key, session);
  } else if (outcomes.includes(Expiry.Set)) {
    keyspaceEvents.notify('h', 'hexpire', key);
  }
}
