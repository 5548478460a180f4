import type { Slice } from '../../slice.js';
import type { EngineParts } from '../engine-parts.js';
import { STRING_KEY } from '../fields/session-data.js';
import { writeAs } from '../fields/write-as.js';
import { FLAG_OF_KIND, KIND_FLAGS } from '../kind.js';
import { nameIn } from '../names/address.js';
import { MAX_SECONDS, NO_SESSION, type Session, type SessionState } from '../session.js';
import { Flag, LASTING_FLAGS, NONE } from '../tables/slot-table.js';
import { isToken, parseToken, TOKEN_WORDS } from '../tokens/token.js';
import { Foreseen } from './foreseen.js';
import { UnseenSession } from './unseen-session.js';

/** The most sessions or names to make room for in advance. A file may announce more than it holds. */
const MOST = 2 ** 24;
/** The longest grace period of an old token, in ms. */
const LONGEST_GRACE = MAX_SECONDS * 1000;
const NO_SCORE = 'a sorted set has a value that is not a score';
/** When a restored session was last used, in ms: as if it had not been used since the clock started. */
const NEVER_USED = 0;

/**
 * Restores recorded sessions, before anything else uses the engine. Meanwhile nothing is due, no rule is applied and no
 * listener is notified. `finish` resumes normal operation.
 *
 * A session is identified by its current token, a shared one also by `@` and its name. Times are ms on the engine's
 * clock, and may be in the past.
 */
export class Restoration {
  /** For sessions that `put` will add soon. */
  readonly foreseen: Foreseen;
  readonly #parts: EngineParts;
  readonly #words = new Uint32Array(TOKEN_WORDS);
  /** Sessions that are not complete yet, by the temporary tokens that the journal identifies them by. */
  readonly #prepared = new Map<string, UnseenSession>();

  constructor(parts: EngineParts) {
    this.#parts = parts;
    this.foreseen = new Foreseen(parts);
    parts.deadlines.hold(-Infinity);
    parts.keyDeadlines.hold();
  }

  /** Makes room for this many sessions and names in advance, up to 2^24 of each. */
  expect(sessions: number, names: number): void {
    this.#parts.tokens.reserve(Math.min(sessions, MOST));
    this.#parts.names.reserve(Math.min(names, MOST));
  }

  /** Returns the session with the token, or the shared session of `@name`, due or not; NO_SESSION if there is none. */
  find(token: Slice): Session {
    const slot = this.#slotOf(token);
    return slot === NONE || (this.#parts.slots.flags(slot) & Flag.OldToken) !== 0 ? NO_SESSION : (slot as Session);
  }

  /** Like `find`, but also finds prepared sessions: for callers that only change data. */
  findData(token: Slice): Session {
    const prepared = this.#prepared.size === 0 ? undefined : this.#prepared.get(token.latin1());
    return prepared?.slot ?? this.find(token);
  }

  /**
   * Adds a session. It replaces whatever its token led to and, if it is shared, the shared session of its name.
   * @param token The session's token; `@` and the name for a shared session whose token nobody has asked for or
   *   presented.
   * @param pairs Alternating keys and values.
   * @param unseen The prepared session whose data to use instead of `pairs`.
   * @throws RangeError if the token is malformed, the name is empty, a string has keys, or a number is out of range.
   */
  put(token: Slice, name: Slice, state: SessionState, pairs: readonly Slice[], unseen?: UnseenSession): void {
    const { slots, tokens, names, fields } = this.#parts;
    const nameInToken = nameIn(token);
    const tokenless = nameInToken !== undefined;
    if (tokenless && !state.shared) throw new RangeError('a session has no token and is not shared');
    if (name.length === 0) throw new RangeError('a session has no name');
    // A string's value may follow later.
    if (state.kind === 'string' && pairs.some((key, i) => i % 2 === 0 && key.length > 0))
      throw new RangeError('a string has keys');
    if (!tokenless && !parseToken(token, this.#words)) throw new RangeError('not a token');
    this.#discardPrepared(token);
    this.#forgetSlot(tokenless ? names.shared(nameInToken) : tokens.findGiven(this.#words));
    if (state.shared) this.#forgetSlot(names.shared(name));
    const flags = Flag.Session | (state.shared ? Flag.Shared : 0);
    const session = unseen?.reveal(flags) ?? (slots.allocate(flags) as Session);
    slots.use(session, NEVER_USED);
    names.add(name, session, state.shared);
    if (tokenless) {
      tokens.addTokenless(session);
    } else {
      slots.setToken(session, this.#words);
      tokens.add(session);
    }
    if (unseen === undefined) fields.fill(session, pairs);
    this.settle(session, state);
  }

  /**
   * Starts a session that is identified by a temporary token until `reveal` makes it visible. If that never happens,
   * `finish` discards it.
   */
  prepare(token: Slice): void {
    this.forget(token);
    this.#prepared.set(token.latin1(), new UnseenSession(this.#parts));
  }

  /**
   * Adds a prepared session, replacing whatever its token led to, as `put` does. Does nothing if no such session was
   * prepared.
   */
  reveal(prepared: Slice, token: Slice, name: Slice, state: SessionState): void {
    const unseen = this.#prepared.get(prepared.latin1());
    if (unseen === undefined) return;
    this.#prepared.delete(prepared.latin1());
    this.put(token, name, state, [], unseen);
  }

  /** Returns when a session was created, in unix ms. */
  created(session: Session): number {
    return this.#parts.slots.created[session];
  }

  /** Sets a session's settings and deadline. Does not change whether the session is shared. */
  settle(session: Session, state: SessionState): void {
    const { slots } = this.#parts;
    slots.created[session] = state.created;
    slots.setDuration(session, state.duration);
    slots.setMaxAge(session, state.maxAgeMs, state.maxAgeEnd);
    slots.setFlags(
      session,
      Flag.Session |
        (slots.flags(session) & LASTING_FLAGS) |
        FLAG_OF_KIND[state.kind] |
        (state.deleteSession ? Flag.DeleteSession : 0) |
        (state.extendGet ? Flag.ExtendGet : 0) |
        (state.extendSet ? Flag.ExtendSet : 0),
    );
    this.run(session, state.deadline);
  }

  /**
   * Makes the session's duration run until `deadline` (ms). With Infinity, or if the session has no duration, no
   * duration runs.
   */
  run(session: Session, deadline: number): void {
    const { slots, deadlines } = this.#parts;
    const flags = slots.flags(session);
    const runs = deadline < Infinity && slots.duration(session) > 0;
    slots.setFlags(session, runs ? flags | Flag.Running : flags & ~Flag.Running);
    const last = slots.maxAgeEnd(session);
    deadlines.set(session, Math.max(0, Math.min(runs ? deadline : Infinity, last)));
  }

  /** Sets a key. It has no deadline then. */
  set(session: Session, key: Slice, value: Slice): void {
    this.#parts.fields.set(session, key, value);
    this.#parts.keyDeadlines.delete(session, key);
  }

  /** Sets when a key is due, in ms; Infinity for never. Does nothing if there is no such key. */
  setKeyDeadline(session: Session, key: Slice, deadline: number): void {
    if (this.#parts.fields.has(session, key)) this.#parts.keyDeadlines.set(session, key, deadline);
  }

  /** See `writeAs`. */
  write(session: Session, key: Slice, offset: number, bytes: Slice, lengthBefore: number): void {
    writeAs(this.#parts.fields, session, key, offset, bytes, lengthBefore);
  }

  delete(session: Session, key: Slice): void {
    this.#parts.fields.delete(session, key);
    this.#parts.keyDeadlines.delete(session, key);
  }

  clear(session: Session): void {
    this.#parts.fields.clear(session);
    this.#parts.keyDeadlines.clear(session);
  }

  /**
   * Gives a session the public id that it had.
   * @throws RangeError if `id` is not an id.
   */
  setId(session: Session, id: Slice): void {
    if (!this.#parts.ids.restore(session, id)) throw new RangeError('not an id');
  }

  /**
   * Makes an old token lead to a session until `until` (ms), replacing whatever it led to.
   * @throws RangeError if `old` is not a token, or is the session's current token.
   */
  addOldToken(session: Session, old: Slice, until: number): void {
    const { oldTokens } = this.#parts;
    if (this.#slotOf(old) === session) throw new RangeError('a token is both old and new');
    this.forget(old);
    if (!parseToken(old, this.#words)) throw new RangeError('not a token');
    oldTokens.add(session, this.#words, Math.max(0, until));
  }

  /**
   * Gives the session whose token is `old` a new token. The old token leads to it until `until` (ms). If `until` is
   * undefined, no old token does.
   *
   * If a session has the new token already, it is the same session in a later state: new tokens are random, so no other
   * session can have had this one. Then the session that has `old`, if any, is removed, and only its old tokens are
   * kept. It is either a copy of this session in an earlier state, recreated from the record of its creation, or
   * another session whose records are all still to be replayed.
   * @throws RangeError if `old` or `token` is not a token, or both are the same.
   */
  rotate(old: Slice, token: Slice, until: number | undefined): void {
    const { slots, tokens, oldTokens, ids } = this.#parts;
    if (!isToken(old) || !isToken(token)) throw new RangeError('not a token');
    if (old.equals(token)) throw new RangeError('a token is both old and new');
    let session = this.find(token);
    const holder = this.find(old);
    // A shared session may have a token that another session had before, but it is never rotated.
    const isRotatable = holder !== NO_SESSION && (slots.flags(holder) & Flag.Shared) === 0;
    if (session === NO_SESSION) {
      if (!isRotatable) return;
      this.forget(token);
      ids.keep(holder);
      parseToken(token, this.#words);
      tokens.remove(holder);
      slots.setToken(holder, this.#words);
      tokens.add(holder);
      session = holder;
    } else if (holder === NO_SESSION || isRotatable) {
      if (isRotatable) this.#moveOldTokens(holder, session);
      this.forget(old);
    } else {
      return;
    }
    if (until === undefined) oldTokens.removeAll(session);
    else this.addOldToken(session, old, until);
  }

  #moveOldTokens(from: Session, to: Session): void {
    const { slots, oldTokens, deadlines } = this.#parts;
    const olds: number[] = [];
    oldTokens.forEach(from, (old) => olds.push(old));
    // Oldest first, the order in which they were added.
    for (const old of olds.reverse()) {
      const until = deadlines.deadline(old);
      this.#words.set(slots.token.subarray(old * TOKEN_WORDS, (old + 1) * TOKEN_WORDS));
      oldTokens.remove(old);
      oldTokens.add(to, this.#words, until);
    }
  }

  /**
   * Makes a token or `@name` lead nowhere. If it identifies a session, prepared or not, the session is removed with its
   * old tokens. If it is an old token, only that token is removed.
   */
  forget(token: Slice): void {
    this.#discardPrepared(token);
    this.#forgetSlot(this.#slotOf(token));
  }

  #discardPrepared(token: Slice): void {
    if (this.#prepared.size === 0) return;
    this.#prepared.get(token.latin1())?.discard();
    this.#prepared.delete(token.latin1());
  }

  /** Removes every session, so that no token leads anywhere. */
  forgetAll(): void {
    const { slots } = this.#parts;
    for (let slot = 0; slot < slots.used; slot++) if ((slots.flags(slot) & Flag.Session) !== 0) this.#remove(slot);
  }

  #forgetSlot(slot: number): void {
    if (slot === NONE) return;
    const { slots, oldTokens } = this.#parts;
    if ((slots.flags(slot) & Flag.OldToken) !== 0) oldTokens.remove(slot);
    else this.#remove(slot);
  }

  /**
   * Puts the members of large sorted sets in order, in steps of a fraction of a millisecond. Call this before `finish`,
   * which would otherwise take as long in one step.
   * @throws RangeError if a sorted set has a value that is not a score.
   */
  *keepOrders(): Generator<void> {
    const { slots, fields } = this.#parts;
    for (let slot = 0; slot < slots.used; slot++) {
      if ((slots.flags(slot) & Flag.SortedSet) === 0) continue;
      if (!(yield* fields.keepOrderInSteps(slot))) throw new RangeError(NO_SCORE);
    }
  }

  /**
   * Resumes normal operation: what is due is processed soon. Limits the time left of each session and old token to the
   * duration, MAXAGE or the longest grace period, whatever the file and the wall clock say. Returns how many sessions
   * are due.
   * @throws RangeError if a string has keys or no value, a sorted set has a value that is not a score, or a key has a
   *   deadline in a session that is not a hash.
   */
  finish(): number {
    const { slots, deadlines, keyDeadlines, names, fields } = this.#parts;
    for (const unseen of this.#prepared.values()) unseen.discard();
    // Sessions were added in no particular order.
    names.sort();
    const now = deadlines.begin();
    let due = 0;
    for (let slot = 0; slot < slots.used; slot++) {
      const flags = slots.flags(slot);
      if (flags === 0) continue;
      if ((flags & Flag.String) !== 0) this.#checkString(slot);
      if ((flags & Flag.SortedSet) !== 0 && !fields.keepOrder(slot)) throw new RangeError(NO_SCORE);
      if ((flags & KIND_FLAGS) !== 0 && (flags & Flag.KeyDeadlines) !== 0) {
        throw new RangeError('a key has a deadline in a session that is not a hash');
      }
      const deadline = deadlines.deadline(slot);
      const latest = Math.max(0, this.#latest(slot, flags, now));
      if (deadline > latest) deadlines.set(slot, latest);
      if ((flags & Flag.Session) !== 0 && deadline <= now) due++;
    }
    deadlines.release();
    keyDeadlines.release();
    return due;
  }

  /** Returns the latest time at which a session or an old token can be due, in ms. */
  #latest(slot: number, flags: number, now: number): number {
    const { slots } = this.#parts;
    if ((flags & Flag.OldToken) !== 0) return now + LONGEST_GRACE;
    const duration = (flags & Flag.Running) !== 0 ? slots.duration(slot) : Infinity;
    const maxAge = slots.maxAge(slot);
    if (maxAge === 0) return now + duration;
    const end = Math.min(slots.maxAgeEnd(slot), now + maxAge);
    slots.setMaxAge(slot, maxAge, end);
    return Math.min(now + duration, end);
  }

  #checkString(slot: number): void {
    const { fields } = this.#parts;
    if (fields.count(slot) !== 1 || !fields.has(slot, STRING_KEY)) {
      throw new RangeError('a string has keys, or no value');
    }
  }

  #slotOf(token: Slice): number {
    const name = nameIn(token);
    if (name !== undefined) return this.#parts.names.shared(name);
    // `find` would compute an HMAC for tokens that are not entered, as those of new sessions are: that would take
    // longer than all the rest.
    return parseToken(token, this.#words) ? this.#parts.tokens.findGiven(this.#words) : NONE;
  }

  #remove(slot: number): void {
    const { slots, tokens, names, fields, deadlines, keyDeadlines, oldTokens } = this.#parts;
    oldTokens.removeAll(slot);
    fields.clear(slot);
    keyDeadlines.clear(slot);
    deadlines.cancel(slot);
    tokens.remove(slot);
    names.remove(slot);
    slots.release(slot);
  }
}
