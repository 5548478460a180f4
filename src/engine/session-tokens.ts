import { Slice } from '../slice.js';
import { checkName } from './checks.js';
import type { EngineParts } from './engine-parts.js';
import type { Listeners } from './listeners.js';
import type { LookUps } from './look-ups.js';
import { NO_SESSION, type Session } from './session.js';
import { NO_SESSION_WITH_NAME, NOT_SHARED, SessionError, SHARED_EXISTS, TOKEN_EXISTS } from './session-error.js';
import { Flag, NONE } from './tables/slot-table.js';
import type { DerivedTokens } from './tokens/derived-tokens.js';
import { formatToken, parseToken, randomToken, TOKEN_WORDS } from './tokens/token.js';

interface SessionTokensParts extends Omit<EngineParts, 'fields'> {
  readonly derived: DerivedTokens;
  readonly lookUps: LookUps;
  readonly listeners: Listeners;
}

/**
 * The tokens that sessions have: shows them, gives a shared session its token when somebody asks for it, and replaces
 * them (ROTATE, RENAME).
 */
export class SessionTokens {
  readonly #parts: SessionTokensParts;
  readonly #words = new Uint32Array(TOKEN_WORDS);
  #rotated = 0;

  constructor(parts: SessionTokensParts) {
    this.#parts = parts;
  }

  /** How often a session got a new random token. */
  get rotated(): number {
    return this.#rotated;
  }

  /** See `SessionEngine.tokenBytes`. */
  bytes(session: Session): Slice {
    const { slots, names, derived } = this.#parts;
    if (!this.#give(session)) {
      derived.derive(names.sliceOf(session), this.#words);
      return formatToken(this.#words);
    }
    return formatToken(slots.token, session * TOKEN_WORDS);
  }

  /** See `SessionEngine.isTokenless`. */
  isTokenless(session: Session): boolean {
    return (this.#parts.slots.flags(session) & Flag.Tokenless) !== 0;
  }

  /** See `SessionEngine.open`. */
  open(name: Slice): Session {
    const { lookUps } = this.#parts;
    const session = lookUps.findShared(name);
    if (session !== NO_SESSION) {
      if (!this.#give(session)) throw TOKEN_EXISTS;
      return session;
    }
    if (!lookUps.has(name)) throw NO_SESSION_WITH_NAME;
    throw NOT_SHARED;
  }

  /** See `SessionEngine.rotate`. */
  rotate(session: Session, grace: number): void {
    const { slots, tokens, oldTokens, ids, deadlines, listeners } = this.#parts;
    if ((slots.flags(session) & Flag.Shared) !== 0) {
      throw new SessionError('ERR', 'the token of a shared session is derived from its name, so it cannot be rotated');
    }
    const old = Slice.of(this.bytes(session).copy());
    ids.keep(session);
    parseToken(old, this.#words);
    tokens.remove(session);
    if (grace > 0) oldTokens.add(session, this.#words, deadlines.now + grace);
    else oldTokens.removeAll(session);
    randomToken(this.#words);
    slots.setToken(session, this.#words);
    slots.change(session);
    tokens.add(session);
    this.#rotated++;
    listeners.changes?.onRotated(session, old);
    listeners.notify('rotated', session);
  }

  /** See `SessionEngine.rename`. */
  rename(session: Session, name: Slice): void {
    const { slots, names, tokens, lookUps, listeners } = this.#parts;
    if ((slots.flags(session) & Flag.Shared) === 0) {
      throw new SessionError('NOTSHARED', 'only a shared session can be renamed');
    }
    checkName(name);
    if (lookUps.shared(name) !== NO_SESSION) throw SHARED_EXISTS;
    listeners.changes?.onEnded(session);
    tokens.remove(session);
    names.remove(session);
    names.addByAge(name, session, true);
    tokens.addTokenless(session);
    slots.change(session);
    listeners.changes?.onCreated(session);
    listeners.notify('renamed', session);
  }

  /** See `SessionEngine.graceEnd`. */
  graceEnd(old: Slice): number {
    const { slots, tokens, deadlines } = this.#parts;
    if (!parseToken(old, this.#words)) return 0;
    const slot = tokens.findGiven(this.#words);
    return slot !== NONE && (slots.flags(slot) & Flag.OldToken) !== 0 ? deadlines.deadline(slot) : 0;
  }

  /** See `SessionEngine.forEachOldToken`. */
  forEachOld(session: Session, visit: (token: Slice, until: number) => void): void {
    const { slots, oldTokens, deadlines } = this.#parts;
    oldTokens.forEach(session, (old) => visit(formatToken(slots.token, old * TOKEN_WORDS), deadlines.deadline(old)));
  }

  /** Makes sure that a session has a token. Returns false if another session has the token derived for it. */
  #give(session: Session): boolean {
    const { names, tokens, derived, lookUps } = this.#parts;
    if (!this.isTokenless(session) || tokens.give(session)) return true;
    derived.derive(names.sliceOf(session), this.#words);
    // The session that has the token may be due.
    if (lookUps.settled(tokens.findGiven(this.#words)) !== NO_SESSION) return false;
    return tokens.give(session);
  }
}
