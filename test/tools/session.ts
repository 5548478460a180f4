/** A time span, in ms of `performance.now()`, within which something happened. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** The keys of a session with their values. */
export class Data extends Map<string, string> {
  /** When keys with a duration of their own are due. */
  readonly due = new Map<string, Span>();

  constructor(from: ReadonlyMap<string, string> = new Map()) {
    super();
    for (const [key, value] of from) super.set(key, value);
    if (from instanceof Data) for (const [key, span] of from.due) this.due.set(key, span);
  }

  /** Sets a key, which has no duration then. */
  override set(key: string, value: string): this {
    this.due.delete(key);
    return super.set(key, value);
  }

  /** Changes the value of a key, which keeps its duration. */
  change(key: string, value: string): void {
    super.set(key, value);
  }

  override delete(key: string): boolean {
    this.due.delete(key);
    return super.delete(key);
  }

  override clear(): void {
    this.due.clear();
    super.clear();
  }
}

/** A session as its only user knows it. Strings have one character per byte. */
export interface Session {
  alive: boolean;
  /**
   * What it is as a key, if it has data. The keys of the data of a set are its members, with empty values; of a sorted
   * set, with their scores.
   */
  kind: 'hash' | 'string' | 'set' | 'zset';
  /** It is gone, and only a lack of memory can explain that. */
  evicted: boolean;
  data: Data;
  /** Ms, 0 for none. */
  duration: number;
  deleteSession: boolean;
  extend: 'none' | 'get' | 'set' | 'both';
  shared: boolean;
  /** Seconds, 0 for none. */
  maxAge: number;
  /** When the duration ends, if it is running. */
  due: Span | undefined;
  /** When MAXAGE ends the session. */
  end: Span | undefined;
}

/** A session that does not exist. */
export function noSession(): Session {
  return {
    alive: false,
    kind: 'hash',
    evicted: false,
    data: new Data(),
    duration: 0,
    deleteSession: true,
    extend: 'none',
    shared: false,
    maxAge: 0,
    due: undefined,
    end: undefined,
  };
}

export function copyOf<Kind extends Session>(session: Kind): Kind {
  return { ...session, data: new Data(session.data) };
}

/** A session with these settings that was created at that time. */
export function created(settings: Session, at: Span): Session {
  const session = copyOf(settings);
  session.alive = true;
  start(session, at);
  if (session.maxAge > 0) session.end = after(at, session.maxAge * 1000);
  return session;
}

/** Starts the duration. */
export function start(session: Session, at: Span): void {
  session.due = session.duration > 0 ? after(at, session.duration) : undefined;
}

/** Call this when the session's data was read. */
export function read(session: Session, at: Span): void {
  if (session.due !== undefined && (session.extend === 'get' || session.extend === 'both')) start(session, at);
}

/** Call this when the session's data was changed. */
export function changed(session: Session, at: Span): void {
  if (session.due === undefined || session.extend === 'set' || session.extend === 'both') start(session, at);
}

export function put(data: Map<string, string>, entries: readonly string[]): void {
  for (let i = 0; i < entries.length; i += 2) data.set(entries[i], entries[i + 1]);
}

export function after({ from, to }: Span, ms: number): Span {
  return { from: from + ms, to: to + ms };
}
