import type { Slice } from '../slice.js';
import { checkName, checkTime } from './checks.js';
import type { NameEnding } from './ending/name-ending.js';
import type { EngineParts } from './engine-parts.js';
import { STRING_KEY } from './fields/session-data.js';
import { FLAG_OF_KIND, KIND_FLAGS } from './kind.js';
import type { Listeners } from './listeners.js';
import type { LookUps } from './look-ups.js';
import type { UnseenSession } from './restoring/unseen-session.js';
import type { UnseenSessions } from './restoring/unseen-sessions.js';
import { type Extend, MAX_DURATION, MAX_SECONDS, type NewSession, NO_SESSION, type Session } from './session.js';
import { MALFORMED_TOKEN, SHARED_EXISTS, TOKEN_EXISTS } from './session-error.js';
import { Flag, NONE } from './tables/slot-table.js';
import type { CreationTimes } from './time/creation-times.js';
import type { DerivedTokens } from './tokens/derived-tokens.js';
import { isPublicId } from './tokens/public-ids.js';
import { parseToken, randomToken, TOKEN_WORDS } from './tokens/token.js';

const EXTEND_FLAGS: Record<Extend, number> = {
  none: 0,
  get: Flag.ExtendGet,
  set: Flag.ExtendSet,
  both: Flag.ExtendGet | Flag.ExtendSet,
};

interface CreationParts extends Omit<EngineParts, 'oldTokens'> {
  readonly derived: DerivedTokens;
  readonly unseen: UnseenSessions;
  readonly times: CreationTimes;
  readonly lookUps: LookUps;
  readonly nameEnding: NameEnding;
  readonly listeners: Listeners;
}

/** Creates sessions: checks their settings, takes a token, enters them everywhere, and enforces LIMIT. */
export class Creation {
  readonly #parts: CreationParts;
  readonly #words = new Uint32Array(TOKEN_WORDS);
  #created = 0;

  constructor(parts: CreationParts) {
    this.#parts = parts;
  }

  /** The number of sessions created. */
  get created(): number {
    return this.#created;
  }

  /** See `SessionEngine.create`. */
  create(name: Slice, settings: NewSession, unseen: UnseenSession | undefined): Session {
    const { slots, names, tokens, ids, deadlines, lookUps, listeners } = this.#parts;
    const { duration = 0, deleteSession = true, shared = false, extend = 'none', maxAgeMs = 0 } = settings;
    const { maxAgeEnd = Infinity, limit = Infinity, string, copyOf, id } = settings;
    const { kind = string === undefined ? 'hash' : 'string' } = settings;
    const kindFlag = copyOf === undefined ? FLAG_OF_KIND[kind] : slots.flags(copyOf) & KIND_FLAGS;
    const tokenless = shared === 'tokenless';
    checkName(name);
    checkTime('duration', duration, MAX_DURATION);
    checkTime('maxAgeMs', maxAgeMs, MAX_SECONDS * 1000);
    if (maxAgeMs % 1000 !== 0) throw new RangeError('maxAgeMs must be a whole number of seconds');
    if (id !== undefined && !isPublicId(id)) throw new RangeError('not a public id');
    if (!(limit >= 1)) throw new RangeError('limit must be at least 1');
    const now = deadlines.begin();
    if (shared && lookUps.shared(name) !== NO_SESSION) throw SHARED_EXISTS;
    if (!tokenless) this.#takeToken(name, settings);

    const flags =
      Flag.Session |
      EXTEND_FLAGS[extend] |
      (deleteSession ? Flag.DeleteSession : 0) |
      (shared ? Flag.Shared : 0) |
      kindFlag;
    const session =
      unseen === undefined ? (slots.allocate(flags) as Session) : this.#parts.unseen.reveal(unseen, flags);
    slots.created[session] = this.#parts.times.next();
    slots.use(session, now);
    slots.setDuration(session, duration);
    if (maxAgeMs > 0) slots.setMaxAge(session, maxAgeMs, Math.min(now + maxAgeMs, maxAgeEnd));
    if (unseen === undefined) this.#fill(session, settings);
    names.add(name, session, shared !== false);
    if (tokenless) {
      tokens.addTokenless(session);
    } else {
      slots.setToken(session, this.#words);
      tokens.add(session);
    }
    if (id !== undefined) ids.restore(session, id);
    this.#created++;
    deadlines.start(session);
    listeners.changes?.onCreated(session);
    listeners.notify('new', session);
    // Usually there is no limit, and looking the name up again takes a fifth of the time of creating a session.
    if (limit < Infinity) this.#parts.nameEnding.enforce(name, limit);
    return session;
  }

  /** Sets the first data of a new session. If there is no memory for it, the session is not created. */
  #fill(session: Session, { data = [], string, kind, copyOf }: NewSession): void {
    const { slots, fields, keyDeadlines } = this.#parts;
    try {
      if (copyOf === undefined) {
        fields.fill(session, string === undefined ? data : [STRING_KEY, string]);
      } else {
        fields.copy(copyOf, session);
        keyDeadlines.copy(copyOf, session);
      }
      if (kind === 'zset' && !fields.keepOrder(session))
        throw new RangeError('a sorted set has values that are not scores');
    } catch (error) {
      fields.clear(session);
      keyDeadlines.clear(session);
      slots.release(session);
      throw error;
    }
  }

  /**
   * Sets `#words` to the token of a new session.
   * @throws SessionError SESSIONEXISTS if it is in use; ERR if the given token is malformed.
   */
  #takeToken(name: Slice, settings: NewSession): void {
    const { tokens, derived, lookUps } = this.#parts;
    const { shared, token } = settings;
    if (shared) {
      derived.derive(name, this.#words);
    } else if (token === undefined) {
      randomToken(this.#words);
      return;
    } else if (!parseToken(token, this.#words)) {
      throw MALFORMED_TOKEN;
    }
    // For a shared session, only entered tokens matter: a token that is not entered yet is derived from another name.
    const slot = shared ? tokens.findGiven(this.#words) : tokens.find(this.#words);
    if (slot === NONE) return;
    if (lookUps.settled(slot) !== NO_SESSION) throw shared ? SHARED_EXISTS : TOKEN_EXISTS;
    // The session with the token has just ended. Check again: the listener may have looked up sessions, and a look-up
    // can give the token to another one.
    this.#takeToken(name, settings);
  }
}
