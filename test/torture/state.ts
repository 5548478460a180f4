/**
 * What the sessions of one client are like after the acts that it asked for: what the server must have again when it
 * was killed.
 */

/** An act on a session, which belongs to one client alone. Texts have one character per byte. */
export type Act =
  | {
      readonly kind: 'new';
      readonly name: string;
      /** Undefined for a shared session, whose token the server derives. */
      readonly token: string | undefined;
      /** Seconds. */
      readonly ttl: number;
      readonly slides: boolean;
      readonly data: readonly (readonly [string, string])[];
    }
  | { readonly kind: 'set'; readonly name: string; readonly data: readonly (readonly [string, string])[] }
  | { readonly kind: 'del'; readonly name: string; readonly keys: readonly string[] }
  | { readonly kind: 'append'; readonly name: string; readonly key: string; readonly value: string }
  | { readonly kind: 'incrby'; readonly name: string; readonly by: number }
  | { readonly kind: 'clear'; readonly name: string }
  | { readonly kind: 'get'; readonly name: string; readonly key: string }
  /** Looks whether it is there, and nothing else. */
  | { readonly kind: 'look'; readonly name: string }
  | { readonly kind: 'pexpire'; readonly name: string; readonly ms: number }
  /** @param grace Seconds for which the old token goes on to lead to the session: 0, or until the end of the torture. */
  | { readonly kind: 'rotate'; readonly name: string; readonly grace: number }
  | { readonly kind: 'end'; readonly name: string }
  | { readonly kind: 'endname'; readonly name: string }
  | KeyAct;

/** An act on a plain key, by a command of Redis'. It is known by its name. */
export type KeyAct =
  | { readonly kind: 'put'; readonly name: string; readonly value: string; readonly ttl: number }
  /** Writes over a part of a string; without `offset`, appends to it. */
  | { readonly kind: 'write'; readonly name: string; readonly offset: number | undefined; readonly value: string }
  | { readonly kind: 'hset'; readonly name: string; readonly data: readonly (readonly [string, string])[] }
  | { readonly kind: 'hdel'; readonly name: string; readonly keys: readonly string[] }
  | { readonly kind: 'expire'; readonly name: string; readonly ttl: number }
  | { readonly kind: 'rename'; readonly name: string; readonly to: string }
  | { readonly kind: 'drop'; readonly name: string };

/** Where a string has its value. */
export const VALUE = '';

/** When and with what an act was answered, as far as it was. */
export interface Outcome {
  readonly sent: number;
  /** When the reply had come; the instant of the kill if none did. Ms, as `sent`. */
  readonly heard: number;
  /** The token that SESSION.NEW or SESSION.ROTATE replied, undefined if it did not get to it. */
  readonly token?: string | undefined;
  /** The reply has come. */
  readonly isHeard: boolean;
  /** The session was not there: it had expired. Only under `always` was that a promise. */
  readonly absent?: 'for good' | 'for now' | undefined;
}

/** The instant of a deadline is between two, in ms; after a restart it may be later by `ahead`. */
export interface Due {
  readonly from: number;
  readonly to: number;
  readonly ahead: number;
}

export interface SessionState {
  /** Undefined if the server chose it and has not told it. */
  token: string | undefined;
  /** Old tokens that still lead to it. */
  readonly old: Set<string>;
  readonly data: Map<string, string>;
  readonly shared: boolean;
  readonly slides: boolean;
  /** Ms. */
  duration: number;
  due: Due;
}

/** Tokens that lead nowhere any more and are looked for all the same, so many at most. */
const REMEMBERED = 5000;

export class ClientState {
  /** By name; each session has one of its own. */
  readonly sessions = new Map<string, SessionState>();
  /** Tokens that lead nowhere, and must not again. */
  readonly gone = new Set<string>();

  copy(): ClientState {
    const copy = new ClientState();
    for (const [name, session] of this.sessions) {
      copy.sessions.set(name, { ...session, old: new Set(session.old), data: new Map(session.data) });
    }
    for (const token of this.gone) copy.gone.add(token);
    return copy;
  }

  /** Forgets what went long ago. */
  forgetOld(): void {
    let extra = this.gone.size - REMEMBERED;
    for (const token of this.gone) if (extra-- > 0) this.gone.delete(token);
  }

  apply(act: Act, outcome: Outcome): void {
    if (act.kind === 'new') {
      this.#create(act, outcome);
      return;
    }
    if (act.kind === 'put' || act.kind === 'hset') {
      this.#write(act, outcome);
      return;
    }
    const session = this.sessions.get(act.name);
    // It may have expired: then nothing happened.
    if (session === undefined) return;
    if (outcome.absent !== undefined) {
      if (outcome.absent === 'for good') this.remove(act.name);
      else this.sessions.delete(act.name);
      return;
    }
    switch (act.kind) {
      case 'set':
        for (const [key, value] of act.data) session.data.set(key, value);
        break;
      case 'del':
        for (const key of act.keys) session.data.delete(key);
        break;
      case 'append':
        session.data.set(act.key, (session.data.get(act.key) ?? '') + act.value);
        break;
      case 'incrby':
        session.data.set('count', String(Number(session.data.get('count') ?? 0) + act.by));
        break;
      case 'clear':
        session.data.clear();
        break;
      case 'get':
        if (session.slides) session.due = outcome.isHeard ? dueAfter(session, outcome) : dueIfFound(session, outcome);
        break;
      case 'pexpire':
        session.duration = act.ms;
        session.due = dueAfter(session, outcome);
        break;
      case 'rotate':
        this.#rotate(session, act.grace, outcome.token);
        break;
      case 'end':
      case 'endname':
      case 'drop':
        this.remove(act.name);
        break;
      case 'hdel':
        for (const key of act.keys) session.data.delete(key);
        if (session.data.size === 0) this.remove(act.name);
        break;
      case 'expire':
        session.duration = act.ttl * 1000;
        session.due = dueAfter(session, outcome);
        break;
      case 'write':
        session.data.set(VALUE, written(session.data.get(VALUE) ?? '', act.offset, act.value));
        break;
      case 'rename':
        this.remove(act.to);
        this.remove(act.name);
        session.token = outcome.token;
        this.#put(act.to, session);
        break;
      case 'look':
        break;
    }
  }

  /** Lets a session be gone. */
  remove(name: string): void {
    const session = this.sessions.get(name);
    if (session === undefined) return;
    this.#forget(session);
    this.sessions.delete(name);
  }

  #create({ name, token, ttl, slides, data }: Act & { kind: 'new' }, outcome: Outcome): void {
    const duration = ttl * 1000;
    const session: SessionState = {
      token: token ?? outcome.token,
      old: new Set(),
      data: new Map(data),
      shared: token === undefined,
      slides,
      duration,
      due: { from: Infinity, to: Infinity, ahead: 0 },
    };
    session.due = dueAfter(session, outcome);
    this.#put(name, session);
  }

  #write(act: KeyAct & { kind: 'put' | 'hset' }, outcome: Outcome): void {
    const session = this.sessions.get(act.name) ?? {
      token: outcome.token,
      old: new Set(),
      data: new Map(),
      shared: true,
      slides: false,
      duration: Infinity,
      due: { from: Infinity, to: Infinity, ahead: 0 },
    };
    if (act.kind === 'put') {
      session.data.clear();
      session.data.set(VALUE, act.value);
      session.duration = act.ttl * 1000;
      session.due = dueAfter(session, outcome);
    } else {
      for (const [key, value] of act.data) session.data.set(key, value);
    }
    this.#put(act.name, session);
  }

  #put(name: string, session: SessionState): void {
    if (session.token !== undefined) this.gone.delete(session.token);
    this.sessions.set(name, session);
  }

  #rotate(session: SessionState, grace: number, token: string | undefined): void {
    const { token: old } = session;
    if (grace === 0) this.#forget(session);
    else if (old !== undefined) session.old.add(old);
    session.token = token;
  }

  #forget(session: SessionState): void {
    if (session.token !== undefined) this.gone.add(session.token);
    for (const token of session.old) this.gone.add(token);
    session.old.clear();
  }
}

/** A text with a part of it overwritten, from `offset` on, or from its end. */
export function written(text: string, offset = text.length, part: string): string {
  return text.slice(0, offset).padEnd(offset, '\0') + part + text.slice(offset + part.length);
}

/** When a session is due that was extended. */
export function dueAfter({ duration, slides }: SessionState, { sent, heard }: Outcome): Due {
  return { from: sent + duration, to: heard + duration, ahead: slides ? Math.max(duration / 10, 1000) : 0 };
}

/** It may have expired before that. */
function dueIfFound(session: SessionState, outcome: Outcome): Due {
  const found = dueAfter(session, outcome);
  const { from, to, ahead } = session.due;
  return { from: Math.min(from, found.from), to: Math.max(to, found.to), ahead: Math.max(ahead, found.ahead) };
}

/** How an act is asked for. @param token Of its session. */
export function requestOf(act: Act, token: string): string[] {
  switch (act.kind) {
    case 'new':
      return [
        'SESSION.NEW',
        act.name,
        String(act.ttl),
        ...(act.slides ? ['EXTEND', 'GET'] : []),
        ...(act.token === undefined ? ['SHARED'] : ['TOKEN', act.token]),
        ...(act.data.length > 0 ? ['DATA', ...act.data.flat()] : []),
      ];
    case 'set':
      return ['SESSION.SET', token, ...act.data.flat()];
    case 'del':
      return ['SESSION.DEL', token, ...act.keys];
    case 'append':
      return ['SESSION.APPEND', token, act.key, act.value];
    case 'incrby':
      return ['SESSION.INCRBY', token, 'count', String(act.by)];
    case 'clear':
      return ['SESSION.CLEAR', token];
    case 'get':
      return ['SESSION.GET', token, act.key];
    case 'look':
      return ['SESSION.EXISTS', token];
    case 'pexpire':
      return ['SESSION.PEXPIRE', token, String(act.ms)];
    case 'rotate':
      return ['SESSION.ROTATE', token, ...(act.grace > 0 ? ['GRACE', String(act.grace)] : [])];
    case 'end':
      return ['SESSION.END', token];
    case 'endname':
      return ['SESSION.ENDNAME', act.name];
    case 'put':
      return ['SET', act.name, act.value, 'EX', String(act.ttl)];
    case 'write':
      return act.offset === undefined
        ? ['APPEND', act.name, act.value]
        : ['SETRANGE', act.name, String(act.offset), act.value];
    case 'hset':
      return ['HSET', act.name, ...act.data.flat()];
    case 'hdel':
      return ['HDEL', act.name, ...act.keys];
    case 'expire':
      return ['EXPIRE', act.name, String(act.ttl)];
    case 'rename':
      return ['RENAME', act.name, act.to];
    case 'drop':
      return ['DEL', act.name];
  }
}
