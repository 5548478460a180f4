import { type Expected, isToken, type Operation, SLACK } from '../tools/operations.js';
import { Failure, isError, type Reply, show } from '../tools/replies.js';
import { copyOf, created, Data, noSession, type Session, type Span } from '../tools/session.js';
import type { Pressure } from './stage.js';

/**
 * What the only user of a session knows about it. The user knows what it sent and what came back. It does not know when
 * exactly the server did its work, whether the server executed a command that was never answered, or whether it had
 * to evict the session. So there are several possibilities. The expected reply is computed for each of them, and those
 * with another reply are dropped. The run fails when none is left.
 */

/** A command on one session, ready to be sent. */
export interface Command {
  readonly words: readonly string[];
  /** The token that it was sent with, undefined if it was sent with the name. */
  readonly token?: string | undefined;
  readonly takesMemory: boolean;
  readonly run: Operation['run'];
  /** Called with the reply to a successful command. */
  after?(reply: Reply, at: Span): void;
}

/** Commands on one session that the server executes together or not at all, and that were never answered. */
export interface Lost {
  readonly commands: readonly Command[];
  /** Whether later commands may have been executed although these were not, because EXEC may have been refused. */
  readonly mayBeRefused: boolean;
}

type Certainty = 'yes' | 'no' | 'maybe';

/** With more possibilities than this, the session is given up. */
const MOST = 300;
const FOREVER: Span = { from: Infinity, to: Infinity };

export class KnownSession {
  readonly name: string;
  #possible: Session[];
  /** The tokens that lead to it, and when each becomes invalid. */
  readonly #tokens = new Map<string, Span>();
  #token: string;
  /** When it was last seen. */
  #seenAt: number;
  readonly #pressure: Pressure;

  constructor(name: string, token: string, possible: Session[], seenAt: number, pressure: Pressure) {
    this.name = name;
    this.#possible = possible;
    this.#seenAt = seenAt;
    this.#pressure = pressure;
    this.#token = token;
    this.#tokens.set(token, FOREVER);
  }

  /** The current token. */
  get token(): string {
    return this.#token;
  }

  /** All tokens that lead to it, and some that did. */
  get tokens(): readonly string[] {
    return [...this.#tokens.keys()];
  }

  /** @param grace For how many ms the old token remains valid. */
  rotated(token: string, grace: number, at: Span): void {
    if (grace === 0) this.#tokens.clear();
    else this.#tokens.set(this.#token, { from: at.from + grace, to: at.to + grace });
    this.#token = token;
    this.#tokens.set(token, FOREVER);
    for (const [old, { to }] of this.#tokens) if (to < at.from - 1000) this.#tokens.delete(old);
  }

  /** Returns whether it is certainly gone. */
  get gone(): boolean {
    return this.#possible.every(({ alive }) => !alive);
  }

  /** Returns whether it is gone and must have been evicted. */
  get evicted(): boolean {
    return this.#possible.every(({ alive, evicted }) => !alive && evicted);
  }

  aliveAt(at: Span): Certainty {
    const alive = new Set(this.#settled(at).map((session) => session.alive));
    if (alive.size === 2) return 'maybe';
    return alive.has(true) ? 'yes' : 'no';
  }

  /** Call this when another command has ended it, or may have. */
  ended(certainly: boolean, at: Span): void {
    const settled = this.#settled(at);
    this.#possible = distinct([...(certainly ? [] : settled), ...settled.map((session) => ended(session))]);
    this.#seenAt = at.from;
  }

  /** Call this when a command was answered. @throws Error if no possibility explains the reply. */
  settle(command: Command, reply: Reply, at: Span): void {
    const settled = this.#settled(at);
    const reaches = this.#reaches(command.token, at);
    const left: Session[] = [];
    if (command.takesMemory && isError(reply, 'OOM') && this.#pressure.within(at)) {
      left.push(...settled);
    } else {
      for (const session of settled) {
        const after = copyOf(session);
        if (reaches !== 'no' && command.run(after, at)(reply)) left.push(after);
        if (reaches !== 'yes' && command.run(ended(session), at)(reply)) left.push(session);
      }
    }
    if (left.length === 0) {
      throw new Error(
        `${JSON.stringify(command.words)} replied ${show(reply)}, but the possibilities are ${JSON.stringify(settled.map(describe))} (does the token lead to it: ${reaches}) at ${JSON.stringify(at)}`,
      );
    }
    this.#possible = distinct(left);
    this.#seenAt = at.from;
    if (!(reply instanceof Failure)) command.after?.(reply, at);
  }

  /**
   * Call this when commands were sent and never answered. The server may have executed the first few of them.
   * @returns Whether the number of possibilities is still manageable.
   */
  lose(all: readonly Lost[], at: Span): boolean {
    let after = this.#settled(at);
    const possible = [...after];
    for (const { commands, mayBeRefused } of all) {
      const noMemory = this.#pressure.within(at) && commands.some(({ takesMemory }) => takesMemory);
      let carriedOut = after;
      for (const command of commands) {
        const reaches = this.#reaches(command.token, at);
        carriedOut = distinct(
          carriedOut.flatMap((session) => {
            const copy = copyOf(session);
            command.run(copy, at);
            return reaches === 'yes' ? [copy] : [session, copy];
          }),
        );
      }
      after = mayBeRefused || noMemory ? distinct([...after, ...carriedOut]) : carriedOut;
      possible.push(...after);
      if (possible.length > MOST) return false;
    }
    this.#possible = distinct(possible);
    this.#seenAt = at.from;
    return true;
  }

  /** Returns whether the token leads to it. */
  #reaches(token: string | undefined, at: Span): Certainty {
    if (token === undefined) return 'yes';
    const until = this.#tokens.get(token);
    if (until === undefined) return 'no';
    const passed = hasPassed(until, at);
    if (passed === 'maybe') return 'maybe';
    return passed === 'yes' ? 'no' : 'yes';
  }

  /** Returns the possibilities, including what time and a lack of memory may have done to them. */
  #settled(at: Span): Session[] {
    const mayBeEvicted = this.#pressure.within({ from: this.#seenAt, to: at.to });
    return distinct(
      this.#possible.flatMap((session) => {
        if (!session.alive) return [session];
        const now = later(session, at);
        return mayBeEvicted ? [...now, { ...ended(session), evicted: true }] : now;
      }),
    );
  }
}

/** Commands that fail while there is a session of that name, and create it otherwise. */
export function createShared(words: readonly string[], settings: Session): Command {
  return {
    words,
    takesMemory: true,
    run: (session, at): Expected => {
      if (session.alive) return (reply) => isError(reply, 'SESSIONEXISTS');
      Object.assign(session, created({ ...settings, shared: true }, at));
      return isToken;
    },
  };
}

function ended({ shared }: Session): Session {
  return { ...noSession(), shared };
}

/** Returns what time may have done to a live session. */
function later(session: Session, at: Span): Session[] {
  const isDue = hasPassed(session.due, at);
  const isTooOld = hasPassed(session.end, at);
  const possible: Session[] = [];
  if (isTooOld !== 'no') possible.push(ended(session));
  if (isTooOld === 'yes') return possible;
  if (isDue !== 'yes') possible.push(session);
  if (isDue !== 'no') {
    possible.push(session.deleteSession ? ended(session) : { ...session, data: new Data(), due: undefined });
  }
  return possible;
}

function hasPassed(deadline: Span | undefined, at: Span): Certainty {
  if (deadline === undefined || at.to < deadline.from - SLACK) return 'no';
  return at.from > deadline.to + SLACK ? 'yes' : 'maybe';
}

/**
 * Returns each possibility once. If two differ only in why the session is gone, the one without an eviction is kept.
 */
function distinct(possible: Session[]): Session[] {
  if (possible.length < 2) return possible;
  const byState = new Map<string, Session>();
  for (const session of possible) {
    const state = describe(session);
    if (byState.get(state)?.evicted !== false) byState.set(state, session);
  }
  return [...byState.values()];
}

function describe(session: Session): string {
  if (!session.alive) return 'gone';
  const { data, evicted, ...rest } = session;
  return `${JSON.stringify(rest)}${JSON.stringify([...data])}`;
}
