import type { Slice } from '../slice.js';
import type { KeyExpiry } from './ending/key-expiry.js';
import type { EngineParts } from './engine-parts.js';
import type { NameIndex } from './names/name-index.js';
import { NameWalk, type Place } from './names/name-walk.js';
import { NO_SESSION, type Session } from './session.js';
import { Flag, NONE, type SlotTable } from './tables/slot-table.js';
import type { Deadlines } from './time/deadlines.js';
import { parseToken, TOKEN_WORDS } from './tokens/token.js';
import type { TokenIndex } from './tokens/token-index.js';

interface LookUpParts extends Pick<EngineParts, 'slots' | 'names' | 'tokens' | 'deadlines'> {
  readonly keyExpiry: KeyExpiry;
}

/**
 * Finds live sessions: by token, by name, one after the other. What is due by the time of the operation expires when
 * it is found, a session or some of its keys, and what is doomed is ended.
 */
export class LookUps {
  readonly #slots: SlotTable;
  readonly #names: NameIndex;
  readonly #tokens: TokenIndex;
  readonly #deadlines: Deadlines;
  readonly #keyExpiry: KeyExpiry;
  readonly #endDoomed: (slot: number) => void;
  readonly #words = new Uint32Array(TOKEN_WORDS);
  #found = 0;
  #missed = 0;

  /** @param endDoomed Ends a doomed session that was found. */
  constructor({ slots, names, tokens, deadlines, keyExpiry }: LookUpParts, endDoomed: (slot: number) => void) {
    this.#slots = slots;
    this.#names = names;
    this.#tokens = tokens;
    this.#deadlines = deadlines;
    this.#keyExpiry = keyExpiry;
    this.#endDoomed = endDoomed;
  }

  /** How many calls of `find` and `findShared` found a session. */
  get found(): number {
    return this.#found;
  }

  /** How many found none. */
  get missed(): number {
    return this.#missed;
  }

  // Operations of their own: each reads the clock. `SessionEngine` describes them.

  find(token: Slice): Session {
    this.#deadlines.begin();
    return this.#counted(this.#sessionOf(token));
  }

  findShared(name: Slice): Session {
    this.#deadlines.begin();
    return this.#counted(this.shared(name));
  }

  sessionsOf(name: Slice): Session[] {
    this.#deadlines.begin();
    return this.liveOf(name);
  }

  slotsOf(name: Slice): Int32Array {
    const slots = new Int32Array(this.#names.count(name));
    let count = 0;
    for (let slot = this.#names.oldest(name); slot !== NONE; slot = this.#slots.newer(slot)) slots[count++] = slot;
    return slots;
  }

  /** @param withDoomed Whether sessions that have ended and are not removed yet are visited too. */
  scan(cursor: number, count: number, visit: (session: Session) => void, withDoomed = false): number {
    this.#deadlines.begin();
    const end = Math.min(cursor + count, this.#slots.used);
    for (let slot = cursor; slot < end; slot++) {
      if ((withDoomed && this.#slots.isDoomedSession(slot)) || this.isLive(slot)) visit(slot as Session);
    }
    return end < this.#slots.used ? end : 0;
  }

  scanDatabase(database: number, cursor: number, count: number, visit: (session: Session) => void): number {
    const { databases } = this.#names;
    if (database === 0) {
      if (databases.size === 0) return this.scan(cursor, count, visit);
      return this.scan(cursor, count, (session) => {
        if (!databases.has(session)) visit(session);
      });
    }
    this.#deadlines.begin();
    let slot = databases.from(database, cursor);
    for (let left = count; left > 0 && slot !== NONE; left--) {
      if (this.isLive(slot)) visit(slot as Session);
      slot = databases.from(database, slot + 1);
    }
    return slot === NONE ? 0 : slot;
  }

  scanNames(cursor: number, count: number, visit: (oldest: Session, sessions: number) => void): number {
    this.#deadlines.begin();
    const end = Math.min(cursor + count, this.#names.end);
    for (let id = cursor; id < end; id++) {
      const oldest = this.#oldestLive(this.#names.oldestOf(id));
      if (oldest !== NO_SESSION) visit(oldest, this.#names.countLike(oldest));
    }
    return end < this.#names.end ? end : 0;
  }

  walk(name: Slice, from?: Place): NameWalk {
    const isLive = (slot: number) => this.isLive(slot);
    return new NameWalk({ slots: this.#slots, names: this.#names, deadlines: this.#deadlines, isLive }, name, from);
  }

  // Parts of operations, at the time that was read for them

  /** Returns the live shared session with the name, or NO_SESSION. */
  shared(name: Slice): Session {
    return this.settled(this.#names.shared(name));
  }

  /** Whether any live session has the name. */
  has(name: Slice): boolean {
    return this.#oldestLive(this.#names.oldest(name)) !== NO_SESSION;
  }

  /** Returns the live sessions with the name, oldest first. */
  liveOf(name: Slice): Session[] {
    const sessions: Session[] = [];
    for (let slot = this.#names.oldest(name); slot !== NONE; ) {
      const newer = this.#slots.newer(slot);
      if (this.isLive(slot)) sessions.push(slot as Session);
      slot = newer;
    }
    return sessions;
  }

  /** Returns the oldest sessions with a name, due or not: at most `most` of them, and none newer than `last`. */
  oldestOf(name: Slice, most: number, last = NONE): number[] {
    const oldest: number[] = [];
    for (let slot = this.#names.oldest(name); slot !== NONE && oldest.length < most; slot = this.#slots.newer(slot)) {
      oldest.push(slot);
      if (slot === last) break;
    }
    return oldest;
  }

  /** Whether a slot is a live session. */
  isLive(slot: number): boolean {
    if (!this.#slots.isSession(slot) || !this.#deadlines.settle(slot)) return false;
    return (this.#slots.flags(slot) & Flag.KeyDeadlines) === 0 || this.#keyExpiry.settle(slot);
  }

  /** Returns the live session of a slot that an index has, or NO_SESSION. An old token leads to its session. */
  settled(slot: number): Session {
    if (slot === NONE) return NO_SESSION;
    if (this.#slots.isDoomed(slot)) {
      this.#endDoomed((this.#slots.flags(slot) & Flag.OldToken) === 0 ? slot : this.#slots.owner(slot));
      return NO_SESSION;
    }
    if (!this.#deadlines.settle(slot)) return NO_SESSION;
    const flags = this.#slots.flags(slot);
    if ((flags & (Flag.OldToken | Flag.KeyDeadlines)) === 0) return slot as Session;
    if ((flags & Flag.OldToken) !== 0) return this.settled(this.#slots.owner(slot));
    return this.#keyExpiry.settle(slot) ? (slot as Session) : NO_SESSION;
  }

  /** Returns the live session with a token, or NO_SESSION. */
  #sessionOf(token: Slice): Session {
    if (!parseToken(token, this.#words)) return NO_SESSION;
    const slot = this.#tokens.find(this.#words);
    const session = this.settled(slot);
    if (session !== NO_SESSION || slot === NONE) return session;
    // The session with the token has just ended. If a shared session's derived token is the same, the token leads to
    // the shared session now. While the end is being published, the look-up still finds the session that ended.
    parseToken(token, this.#words);
    const other = this.#tokens.find(this.#words);
    return other === slot ? NO_SESSION : this.settled(other);
  }

  #counted(session: Session): Session {
    if (session === NO_SESSION) this.#missed++;
    else this.#found++;
    return session;
  }

  /** Returns the oldest live session of a name, of which `slot` is the oldest, or NO_SESSION. */
  #oldestLive(oldest: number): Session {
    for (let slot = oldest; slot !== NONE; ) {
      const newer = this.#slots.newer(slot);
      if (this.isLive(slot)) return slot as Session;
      slot = newer;
    }
    return NO_SESSION;
  }
}
