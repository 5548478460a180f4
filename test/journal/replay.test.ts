import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RecordName } from '../../src/journal/records.js';

/**
 * Tests what `records.ts` promises: replaying a base that was written while sessions changed, and then everything
 * appended since the base began, gives the current state. Every replay must work like the one here.
 */

interface Session {
  token: string;
  readonly name: string;
  deadline: number;
  settings: number;
  readonly keys: Map<string, string>;
  /** The public id, if the session was rotated. Otherwise it follows from the token. */
  id: string | undefined;
  /** Old tokens and the end of their grace. */
  readonly aliases: Map<string, number>;
}

const idOf = ({ id, token }: Session) => id ?? `id of ${token}`;

type Entry = readonly [RecordName, ...(string | number)[]];

class State {
  sessions: Session[] = [];

  /** Returns the session that has this token now. */
  bearer(token: string): Session | undefined {
    return this.sessions.find((session) => session.token === token);
  }

  /** Returns whether a token, current or old, leads to a session. */
  knows(token: string): boolean {
    return this.sessions.some((session) => session.token === token || session.aliases.has(token));
  }

  replay([name, ...args]: Entry): void {
    const [token, first, second] = args.map(String);
    const session = this.bearer(token);
    switch (name) {
      case 'SESSION': {
        this.#forget(token);
        const keys = new Map<string, string>();
        for (let i = 4; i < args.length; i += 2) keys.set(String(args[i]), String(args[i + 1]));
        const [deadline, settings] = [Number(second), Number(args[3])];
        this.sessions.push({ token, name: first, deadline, settings, keys, id: undefined, aliases: new Map() });
        break;
      }
      case 'ALIAS':
        this.#forget(first);
        this.bearer(token)?.aliases.set(first, Number(second));
        break;
      case 'ID':
        if (session !== undefined) session.id = first;
        break;
      case 'ROTATED': {
        const later = this.bearer(first);
        const rotated = later ?? session;
        if (rotated === undefined) break;
        if (later === undefined) {
          this.#forget(first);
          rotated.id = idOf(rotated);
        } else {
          this.#forget(token);
          for (const [old, graceEnd] of session?.aliases ?? []) later.aliases.set(old, graceEnd);
        }
        rotated.token = first;
        if (second === '0') rotated.aliases.clear();
        else rotated.aliases.set(token, Number(second));
        break;
      }
      case 'SETTINGS':
        if (session !== undefined) Object.assign(session, { settings: Number(first), deadline: Number(second) });
        break;
      case 'DEADLINE':
        if (session !== undefined) session.deadline = Number(first);
        break;
      case 'SET':
        session?.keys.set(first, second);
        break;
      case 'WRITE': {
        const [offset, lengthBefore, bytes] = [Number(args[2]), Number(args[3]), String(args[4])];
        const before = (session?.keys.get(first) ?? '').slice(0, lengthBefore).padEnd(lengthBefore, '0');
        session?.keys.set(
          first,
          before.slice(0, offset).padEnd(offset, '0') + bytes + before.slice(offset + bytes.length),
        );
        break;
      }
      case 'DEL':
        session?.keys.delete(first);
        break;
      case 'CLEAR':
        session?.keys.clear();
        break;
      case 'FLUSH':
        this.sessions = [];
        break;
      case 'GONE':
        this.#forget(token);
        break;
    }
  }

  get plain() {
    return this.sessions
      .map((session) => ({
        ...session,
        id: idOf(session),
        keys: Object.fromEntries([...session.keys].sort()),
        aliases: Object.fromEntries([...session.aliases].sort()),
      }))
      .sort((a, b) => (a.token < b.token ? -1 : 1));
  }

  /** Removes whatever the token leads to. */
  #forget(token: string): void {
    this.sessions = this.sessions.filter((session) => session.token !== token);
    for (const { aliases } of this.sessions) aliases.delete(token);
  }
}

/** Characters of a value written at a time. */
const PIECE = 2;

/**
 * Yields the records of a session in pieces. The session may change between them. Each piece has the next part of a
 * value as it is then. All records use the session's first token.
 */
function* recordsOf(session: Session): Generator<Entry[]> {
  const { token, name, deadline, settings, keys, id, aliases } = session;
  yield [
    ['SESSION', token, name, deadline, settings],
    ...(id === undefined ? [] : [['ID', token, id] as const]),
    ...[...aliases].map(([old, graceEnd]): Entry => ['ALIAS', token, old, graceEnd]),
  ];
  for (const key of [...keys.keys()]) {
    let offset = 0;
    do {
      const part = (keys.get(key) ?? '').slice(offset, offset + PIECE);
      // The value was deleted or has become shorter. Records in the increment say so.
      if (part === '') break;
      yield [['WRITE', token, key, offset, offset, part]];
      offset += PIECE;
    } while (offset < (keys.get(key) ?? '').length);
  }
}

/** Sessions that change, the increment that records the changes, and a base that is written meanwhile, slot by slot. */
class Server {
  readonly state = new State();
  base: Entry[] = [];
  increment: Entry[] = [];
  /** A session keeps its slot until it ends. A free slot is reused first. */
  readonly #slots: (Session | undefined)[] = [];
  #scanned = 0;
  /**
   * Sessions that existed when the base began. Newer ones are completely in the increment, so the base leaves them out.
   */
  #old: readonly Session[] = [];
  #pieces: { readonly session: Session; readonly records: Generator<Entry[]> } | undefined;
  #tokens = 0;

  newToken(): string {
    return `new ${this.#tokens++}`;
  }

  begin(): void {
    this.base = [];
    this.increment = [];
    this.#scanned = 0;
    this.#pieces = undefined;
    this.#old = [...this.state.sessions];
  }

  /** Writes the next piece to the base. Returns whether there was one. */
  scan(): boolean {
    // The slot may have another session by now. The increment says what happened to the previous one.
    if (this.#pieces !== undefined && this.state.sessions.includes(this.#pieces.session)) {
      const { value } = this.#pieces.records.next();
      if (value !== undefined) {
        this.base.push(...value);
        return true;
      }
    }
    this.#pieces = undefined;
    if (this.#scanned >= this.#slots.length) return false;
    const session = this.#slots[this.#scanned++];
    if (session !== undefined && this.#old.includes(session)) this.#pieces = { session, records: recordsOf(session) };
    return true;
  }

  /** Takes one turn. */
  act(...entries: Entry[]): void {
    this.increment.push(...entries);
    for (const entry of entries) this.state.replay(entry);
    const { sessions } = this.state;
    for (const [slot, session] of this.#slots.entries()) {
      if (session !== undefined && !sessions.includes(session)) this.#slots[slot] = undefined;
    }
    for (const session of sessions.filter((other) => !this.#slots.includes(other))) {
      const free = this.#slots.indexOf(undefined);
      this.#slots[free < 0 ? this.#slots.length : free] = session;
    }
  }

  rotate(session: Session, graceEnd: number): void {
    this.act(['ROTATED', session.token, this.newToken(), graceEnd]);
  }
}

/** Tokens that clients choose repeatedly. */
const CHOSEN = ['T1', 'T2', 'T3'];

/** What clients, the clock and the compaction do, to which session, and with which key and number. */
const acts = fc.record({
  what: fc.constantFrom(
    ...([
      'new',
      'new',
      'new',
      'set',
      'set',
      'set',
      'del',
      'clear',
      'settings',
      'deadline',
      'rotate',
      'rotate',
    ] as const),
    ...(['append', 'append', 'write', 'write'] as const),
    ...(['rotate with grace', 'rotate with grace', 'gone', 'flush', 'grace ends', 'scan', 'scan', 'begin'] as const),
  ),
  which: fc.nat(),
  key: fc.constantFrom('a', 'b', 'c'),
  number: fc.integer({ min: 1, max: 99 }),
});

type Act = typeof acts extends fc.Arbitrary<infer Value> ? Value : never;

function carryOut(server: Server, { what, which, key, number }: Act): void {
  const { state } = server;
  const session = state.sessions[which % Math.max(1, state.sessions.length)];
  if (what === 'begin') server.begin();
  else if (what === 'scan') server.scan();
  else if (what === 'flush') server.act(['FLUSH']);
  else if (what === 'new') {
    const token = number < 70 ? CHOSEN[which % CHOSEN.length] : server.newToken();
    // A token that leads to a session is refused.
    if (!state.knows(token)) server.act(['SESSION', token, key, number, number, key, number]);
  } else if (session === undefined) return;
  // Nothing is recorded: the alias itself has the end of the grace period.
  else if (what === 'grace ends') session.aliases.clear();
  else if (what === 'set') server.act(['SET', session.token, key, number]);
  else if (what === 'append') {
    const { length } = session.keys.get(key) ?? '';
    server.act(['WRITE', session.token, key, length, length, number]);
  } else if (what === 'write') {
    server.act(['WRITE', session.token, key, which % 7, (session.keys.get(key) ?? '').length, number]);
  } else if (what === 'del') server.act(['DEL', session.token, key]);
  else if (what === 'clear') server.act(['CLEAR', session.token]);
  else if (what === 'settings') server.act(['SETTINGS', session.token, number, number]);
  else if (what === 'deadline') server.act(['DEADLINE', session.token, number]);
  else if (what === 'gone') server.act(['GONE', session.token]);
  else if (what === 'rotate') server.rotate(session, 0);
  else if (what === 'rotate with grace') server.rotate(session, number);
}

/** Removes old tokens whose grace period has ended, which may still be in the records. */
function endGraces(replayed: State, state: State): void {
  for (const { token, aliases } of replayed.sessions) {
    for (const old of aliases.keys()) if (state.bearer(token)?.aliases.has(old) === false) aliases.delete(old);
  }
}

describe('replay', () => {
  it('of a base written while sessions change, and of what was appended meanwhile, gives the current state', () => {
    fc.assert(
      fc.property(fc.array(acts, { minLength: 5, maxLength: 80, size: 'max' }), (script) => {
        const server = new Server();
        for (const act of script) carryOut(server, act);
        while (server.scan());
        const replayed = new State();
        for (const entry of [...server.base, ...server.increment]) replayed.replay(entry);
        endGraces(replayed, server.state);
        expect(replayed.plain).toEqual(server.state.plain);
        // Replaying the increment twice does no harm.
        for (const entry of server.increment) replayed.replay(entry);
        endGraces(replayed, server.state);
        expect(replayed.plain).toEqual(server.state.plain);
      }),
      { numRuns: 5000 },
    );
  });
});
