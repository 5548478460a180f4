import { type Expected, isToken, type Operation, SESSION_OPERATIONS } from '../tools/operations.js';
import { isStatus, type Reply } from '../tools/replies.js';
import { copyOf, created, Data, noSession, put, type Session, type Span } from '../tools/session.js';

/**
 * The state of one client's sessions after the requests that it sent. The server must have this state again after a
 * kill.
 */

/** A session with a name that no other session has, or a plain key. */
export interface OwnSession extends Session {
  /** Undefined if the server chose it and has not replied yet. */
  token: string | undefined;
  /** Its public id, which stays the same until it ends or is renamed. Undefined if it has not been looked up yet. */
  id: string | undefined;
  /** Earlier tokens that still lead to it. */
  old: Set<string>;
}

/** A change of one session. */
export interface Change {
  readonly name: string;
  /** The request. @param token Of the session. */
  readonly words: (token: string) => readonly string[];
  /** The session exists afterwards even if it did not before. */
  readonly creates: boolean;
  /** Whether the reply is a token, and whether the client or the server chose it. */
  readonly token: 'none' | 'client' | 'server';
  /** The token that the client chose. */
  readonly ownToken?: string | undefined;
  /** The name that the session has afterwards. */
  readonly renamedTo?: string;
  /** It restarts the duration of a session that slides. */
  readonly reads: boolean;
  /** Changes the session. Returns which reply is right. */
  readonly run: (session: OwnSession, at: Span, state: ClientState) => Expected;
}

/** When and how a change was answered. */
export interface Outcome {
  /** From when it was sent to when its reply had arrived, or to the kill if there was no reply. */
  readonly at: Span;
  readonly isAnswered: boolean;
  /** The session's token after the change, if it was in the reply or is known otherwise. */
  readonly token?: string | undefined;
  /** The session did not exist because it had expired. Under `everysec` and `no` it may exist again after a kill. */
  readonly absent?: 'for good' | 'for now' | undefined;
}

/** How many ended tokens are remembered. */
const REMEMBERED = 5000;
const NEVER: Span = { from: Infinity, to: Infinity };

export function dueOf({ due }: Session): Span {
  return due ?? NEVER;
}

/** How much later than `due` the deadline may be after a restart, in ms: sliding deadlines are journalled ahead. */
export function aheadOf({ extend, duration }: Session): number {
  return extend === 'get' ? Math.max(duration / 10, 1000) : 0;
}

export class ClientState {
  /** By name. */
  readonly sessions = new Map<string, OwnSession>();
  /** Tokens that have become invalid and must remain so. */
  readonly gone = new Set<string>();

  copy(): ClientState {
    const copy = new ClientState();
    for (const [name, session] of this.sessions)
      copy.sessions.set(name, { ...copyOf(session), old: new Set(session.old) });
    for (const token of this.gone) copy.gone.add(token);
    return copy;
  }

  /** Forgets the tokens that ended long ago. */
  forgetOld(): void {
    let extra = this.gone.size - REMEMBERED;
    for (const token of this.gone) if (extra-- > 0) this.gone.delete(token);
  }

  /** Applies a change. Returns which reply is right. */
  apply(change: Change, { at, isAnswered, token, absent }: Outcome): Expected {
    const present = this.sessions.get(change.name);
    if (absent !== undefined) {
      if (absent === 'for good') this.remove(change.name);
      else this.sessions.delete(change.name);
      return () => false;
    }
    // It may have expired. Then nothing happens.
    if (present === undefined && !change.creates) return () => false;
    const session = present ?? { ...noSession(), token: undefined, id: undefined, old: new Set<string>() };
    const before = dueOf(session);
    const expected = change.run(session, at, this);
    if (!session.alive) {
      this.remove(change.name);
      return expected;
    }
    const isNew = present === undefined && change.token === 'none';
    if (change.token === 'server' || change.renamedTo !== undefined || isNew) session.token = token;
    // Without a reply, it is unknown whether the session had expired before it was read.
    if (change.reads && !isAnswered && session.due !== undefined) session.due = union(before, session.due);
    if (change.renamedTo !== undefined) {
      this.remove(change.renamedTo);
      this.sessions.delete(change.name);
    }
    if (session.token !== undefined) this.gone.delete(session.token);
    this.sessions.set(change.renamedTo ?? change.name, session);
    return expected;
  }

  remove(name: string): void {
    const session = this.sessions.get(name);
    if (session !== undefined) this.invalidate(session);
    this.sessions.delete(name);
  }

  /** Makes all tokens of the session invalid. */
  invalidate({ token, old }: OwnSession): void {
    for (const one of [token, ...old]) if (one !== undefined) this.gone.add(one);
    old.clear();
  }
}

function union(one: Span, other: Span): Span {
  return { from: Math.min(one.from, other.from), to: Math.max(one.to, other.to) };
}

/** One of the operations on sessions. */
export function onSession(name: string, operation: Operation): Change {
  const reads = operation.words('')[0] === 'SESSION.GET';
  return { name, words: operation.words, creates: false, token: 'none', reads, run: operation.run };
}

/** One of the operations on keys. */
export function onKey(name: string, operation: Operation, creates = false): Change {
  return { name, words: () => operation.words(name), creates, token: 'none', reads: false, run: operation.run };
}

interface NewSession {
  /** Undefined for a shared session, whose token the server derives from the name. */
  readonly token: string | undefined;
  /** Seconds. */
  readonly ttl: number;
  readonly slides: boolean;
  readonly data: readonly string[];
}

/** @param derived The token of the shared session of that name, if it is known. */
export function creation(name: string, { token, ttl, slides, data }: NewSession, derived: string | undefined): Change {
  const settings: Session = {
    ...noSession(),
    duration: ttl * 1000,
    extend: slides ? 'get' : 'none',
    shared: token === undefined,
    data: new Data(),
  };
  put(settings.data, data);
  const known = token ?? derived;
  return {
    name,
    words: () => [
      'SESSION.NEW',
      name,
      String(ttl),
      ...(slides ? ['EXTEND', 'GET'] : []),
      ...(token === undefined ? ['SHARED'] : ['TOKEN', token]),
      ...(data.length > 0 ? ['DATA', ...data] : []),
    ],
    creates: true,
    token: token === undefined ? 'server' : 'client',
    ownToken: token,
    reads: false,
    run: (session, at) => {
      Object.assign(session, created(settings, at), { token, id: undefined });
      return (reply) => isToken(reply) && reply === (known ?? reply);
    },
  };
}

/** @param grace Seconds for which the old token remains valid: 0, or longer than the torture lasts. */
export function rotation(name: string, grace: number): Change {
  const operation = SESSION_OPERATIONS.rotate(grace);
  return {
    ...onSession(name, operation),
    token: 'server',
    run: (session, at, state) => {
      const { token } = session;
      if (grace === 0) state.invalidate(session);
      else if (token !== undefined) session.old.add(token);
      const isRight = operation.run(session, at);
      return (reply: Reply) => isRight(reply) && reply !== token;
    },
  };
}

/** RENAME of a plain key. */
export function renaming(name: string, to: string): Change {
  return {
    name,
    words: () => ['RENAME', name, to],
    creates: false,
    token: 'none',
    renamedTo: to,
    reads: false,
    run: (session, _, state) => {
      state.invalidate(session);
      session.id = undefined;
      return (reply) => isStatus(reply, 'OK');
    },
  };
}
