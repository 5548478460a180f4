import { setTimeout as wait } from 'node:timers/promises';
import { Connection, type Request } from '../../tools/connection.js';
import { type Operation, SESSION_OPERATIONS as SESSION } from '../../tools/operations.js';
import type { Random } from '../../tools/random.js';
import { Failure, isStatus, type Reply, show } from '../../tools/replies.js';
import type { Session, Span } from '../../tools/session.js';
import { creation, endBy, NOTHING, OPENING, rotation, settingCode, stepOf, transactionOf } from './steps.js';
import { CODE, type Step, TrackedSession } from './tracked-session.js';

/** How many names of each kind a client has. */
const PLAIN = 6;
const SHARED = 3;
const FADING = 2;
/** About how many sessions a name has. */
const SESSIONS = 5;
/** The most requests in one write, and the number of unanswered requests below which the next are sent. */
const BURST = 16;
const FEW = 8;
/** The most requests for one session that are on their way. */
const PER_SESSION = 4;
/** The most old tokens of a session. The server keeps 16. */
const OLD_TOKENS = 10;
/** Seconds: longer than the torture lasts. */
const DAY = 86_400;
/** After a request that failed, or a lost connection, in ms. */
const PAUSE = 30;

type Kind = 'plain' | 'shared' | 'fading';

interface Name {
  readonly name: string;
  readonly kind: Kind;
  /** Oldest first. Those that have ended are removed by the audit. */
  sessions: TrackedSession[];
  /** The outcome of a request is unknown. The name is left alone until the audit. */
  isSuspect: boolean;
}

/** A request, or a transaction. */
interface Call {
  readonly requests: readonly Request[];
  readonly name: Name;
  readonly sessions: readonly TrackedSession[];
  /** It was answered. @throws Error if the reply is wrong. */
  readonly settle: (reply: Reply, at: Span) => void;
  /** Its outcome is unknown. Undefined if it changes nothing. */
  readonly doubt?: (at: Span) => void;
}

/** Whether the store could not serve the request, or did not answer in time. It may have run. */
export function isTransient(reply: Reply): boolean {
  return reply instanceof Failure && /^(?:TRYAGAIN|CLUSTERDOWN|NOREPLICAS) \S/.test(reply.text);
}

/** Whether the reply promises that the request has not run, and will not. */
function isRefused(reply: Reply): boolean {
  return reply instanceof Failure && reply.text.endsWith('The operation has not run.');
}

/**
 * A client with names and sessions of its own. It changes them in bursts and checks every reply. When a request fails,
 * or the connection ends, the request may have run: the client then knows several possible versions of the session, and
 * the audit finds out which one the store has.
 */
export class StoreClient {
  readonly number: number;
  readonly names: readonly Name[];
  /** Tokens of sessions that have ended. */
  readonly gone = new Set<string>();
  readonly #random: Random;
  readonly #idOf: (origin: string) => string;
  #ports: () => readonly number[] = () => [];
  #connection: Connection | undefined;
  #created = 0;
  #unanswered = 0;
  #stopped = true;
  #failed: (error: Error) => void = () => {};
  answered = 0;
  unknown = 0;
  refused = 0;

  /** @param idOf Computes the public id of a session from the token that it was created with. */
  constructor(number: number, random: Random, idOf: (origin: string) => string) {
    this.number = number;
    this.#random = random;
    this.#idOf = idOf;
    const some = (kind: Kind, count: number) =>
      Array.from({ length: count }, (_, i): Name => {
        const name = `${kind}-${number}-${i}`;
        const sessions = kind === 'shared' ? [new TrackedSession(name, undefined, false)] : [];
        return { name, kind, sessions, isSuspect: false };
      });
    this.names = [...some('plain', PLAIN), ...some('shared', SHARED), ...some('fading', FADING)];
  }

  /**
   * Puts load on the servers until `stop`. Resolves when everything is answered.
   * @param ports Those of the servers that run.
   * @throws Error for a wrong reply.
   */
  load(ports: () => readonly number[]): Promise<void> {
    this.#ports = ports;
    this.#stopped = false;
    return new Promise((resolve, reject) => {
      this.#failed = (error) => {
        this.stop();
        reject(new Error(`client ${this.number}: ${error.message}`));
      };
      this.#connections().then(resolve, reject);
    });
  }

  stop(): void {
    this.#stopped = true;
  }

  /**
   * SESSION.ENDALL is sent over another connection. Until it is answered, this client sends nothing for its sessions.
   * @returns What to call then, with whether it was answered.
   */
  endAll(): (isDone: boolean) => void {
    const from = performance.now();
    const step = endBy('ended');
    const trusted = this.names.filter(({ isSuspect }) => !isSuspect);
    const quiet: TrackedSession[] = [];
    for (const name of this.names) {
      name.isSuspect = true;
      for (const session of name.sessions) {
        session.isEnding = true;
        // The order of requests over two connections is not known, nor when a session ends by itself.
        if (session.inFlight > 0 || session.endsByItself) session.doubt(step, { from, to: Infinity });
        else quiet.push(session);
      }
    }
    return (isDone) => {
      for (const session of quiet) {
        if (isDone && session.certain !== undefined) session.settle(step, { from, to: performance.now() }, null);
        else session.doubt(step, { from, to: Infinity });
      }
      // It may go on for a while, and end what is created meanwhile.
      if (!isDone) return;
      for (const name of trusted) name.isSuspect = name.sessions.some(({ certain }) => certain === undefined);
    };
  }

  /** When the oldest request without a reply was sent, in ms; undefined if there is none. */
  get waitingSince(): number | undefined {
    return this.#connection?.waitingSince;
  }

  /** Forgets the sessions that have ended. */
  clean(): void {
    for (const name of this.names) {
      name.isSuspect = false;
      if (name.kind === 'shared') continue;
      for (const session of name.sessions) {
        if (session.certain?.alive === false) for (const token of session.tokens) this.gone.add(token);
      }
      name.sessions = name.sessions.filter(({ certain }) => certain?.alive !== false);
    }
  }

  /** Uses one connection after another, each as long as its server runs. */
  async #connections(): Promise<void> {
    while (!this.#stopped) {
      const port = this.#ports().at(this.#random.between(0, 1));
      const connection = port === undefined ? undefined : await Connection.open({ port }).catch(() => undefined);
      if (connection === undefined) {
        await wait(PAUSE);
        continue;
      }
      this.#connection = connection;
      this.#unanswered = 0;
      this.#more(connection);
      while (!this.#stopped && !connection.closed) await Promise.race([connection.ended, wait(PAUSE)]);
      await connection.answered();
      connection.close();
    }
  }

  #more(connection: Connection): void {
    while (this.#unanswered < FEW && !this.#stopped && !connection.closed) this.#burst(connection);
  }

  #burst(connection: Connection): void {
    const calls: Call[] = [];
    for (let i = this.#random.between(1, BURST); i > 0; i--) {
      const call = this.#choose();
      if (call === undefined) continue;
      for (const session of call.sessions) session.inFlight++;
      calls.push(call);
    }
    let hasFailed = false;
    const last = calls.at(-1);
    if (last === undefined) {
      this.#unanswered++;
      setTimeout(() => {
        this.#unanswered--;
        this.#more(connection);
      }, PAUSE);
      return;
    }
    for (const call of calls) {
      this.#unanswered++;
      const finish = () => {
        this.#unanswered--;
        for (const session of call.sessions) session.inFlight--;
      };
      this.#send(connection, call, (isKnown) => {
        finish();
        hasFailed ||= !isKnown;
        if (call !== last) return;
        if (hasFailed) setTimeout(() => this.#more(connection), PAUSE);
        else this.#more(connection);
      });
    }
  }

  /** @param done Called when it was answered, or when its outcome is unknown. */
  #send(connection: Connection, { requests, name, settle, doubt }: Call, done: (isKnown: boolean) => void): void {
    const from = performance.now();
    const isUnknown = () => {
      if (doubt !== undefined) {
        this.unknown++;
        name.isSuspect = true;
        doubt({ from, to: Infinity });
      }
      done(false);
    };
    const last = requests.length - 1;
    let isOver = false;
    const onReply = (reply: Reply, index: number) => {
      try {
        if (index < last) {
          const isRight = isStatus(reply, 'OK') || isStatus(reply, 'QUEUED') || isTransient(reply);
          if (!isRight) throw new Error(`replied ${show(reply)}`);
          return;
        }
        isOver = true;
        if (isTransient(reply)) {
          if (isRefused(reply)) {
            this.refused++;
            done(false);
          } else {
            isUnknown();
          }
          return;
        }
        settle(reply, { from, to: performance.now() });
        this.answered++;
        done(true);
      } catch (error) {
        const words = requests[index].map((word) => JSON.stringify(word.slice(0, 40))).join(' ');
        this.#failed(new Error(`${words.slice(0, 300)}: ${(error as Error).message}`));
      }
    };
    const lost = () => {
      if (isOver) return;
      isOver = true;
      isUnknown();
    };
    connection.send(requests, onReply, lost);
  }

  #choose(): Call | undefined {
    const random = this.#random;
    const name = random.pick(this.names);
    if (name.isSuspect) return undefined;
    switch (name.kind) {
      case 'plain':
        return this.#chooseForPlain(name);
      case 'shared':
        return this.#chooseForShared(name);
      case 'fading':
        return this.#chooseForFading(name);
    }
  }

  #chooseForPlain(name: Name): Call | undefined {
    const random = this.#random;
    const live = name.sessions.filter(({ isEnding }) => !isEnding);
    if (random.chance(live.length < SESSIONS ? 0.25 : 0.02)) return this.#create(name);
    if (random.chance(0.05)) return this.#ofName(name);
    const session = this.#anyOf(name);
    if (session === undefined) return undefined;
    if (random.chance(0.1)) return this.#chooseRare(name, session);
    if (random.chance(0.1)) return this.#transaction(name, session, this.#address(session));
    return this.#operate(name, session, this.#address(session), this.#operation(session));
  }

  #chooseForShared(name: Name): Call | undefined {
    const random = this.#random;
    const [session] = name.sessions;
    if (session.inFlight >= PER_SESSION) return undefined;
    const at = `@${name.name}`;
    if (session.isEnding || session.origin === undefined || random.chance(0.03)) {
      session.isEnding = false;
      return this.#create(name);
    }
    if (random.chance(0.06)) {
      session.isEnding = true;
      return this.#operate(name, session, at, random.chance(0.5) ? SESSION.end() : SESSION.endname(name.name));
    }
    if (random.chance(0.05)) return this.#look(name, session, ['SESSION.OPEN', name.name], OPENING);
    const address = random.chance(0.5) ? at : session.origin;
    if (random.chance(0.1)) return this.#transaction(name, session, address);
    return this.#operate(name, session, address, this.#operation(session));
  }

  #chooseForFading(name: Name): Call | undefined {
    const random = this.#random;
    if (random.chance(name.sessions.length < 4 * SESSIONS ? 0.4 : 0)) return this.#create(name);
    const session = this.#anyOf(name);
    if (session === undefined) return undefined;
    const address = this.#address(session);
    const { certain } = session;
    // It has lost its data, and lives on.
    if (session.endsByItself && certain?.alive && certain.due === undefined && certain.end === undefined) {
      session.isEnding = true;
      return this.#operate(name, session, address, SESSION.end());
    }
    if (!session.endsByItself && random.chance(0.3)) {
      session.endsByItself = true;
      const ms = random.between(50, 1000);
      if (random.chance(0.5)) return this.#operate(name, session, address, SESSION.expire('ms', ms));
      session.hasCode = true;
      const value = this.#value();
      const request = ['SESSION.PSETEX', address, String(ms), CODE, value];
      return this.#change(name, session, [request], settingCode(value, ms));
    }
    const operation = random.pick([SESSION.exists(), SESSION.get(random.pick([CODE, this.#key()])), SESSION.getall()]);
    const step = stepOf(operation);
    return {
      requests: [operation.words(address)],
      name,
      sessions: [session],
      settle: (reply, at) => session.glimpse(step, at, reply),
    };
  }

  /** A session that can be addressed, with few requests on their way. */
  #anyOf({ sessions }: Name): TrackedSession | undefined {
    const usable = sessions.filter(
      ({ origin, isRotating, isEnding, inFlight }) =>
        origin !== undefined && !isRotating && inFlight < PER_SESSION && (!isEnding || this.#random.chance(0.05)),
    );
    return usable.length === 0 ? undefined : this.#random.pick(usable);
  }

  #address({ certain, origin }: TrackedSession): string {
    const current = certain?.token ?? origin ?? '';
    return certain !== undefined && certain.old.size > 0 && this.#random.chance(0.3)
      ? this.#random.pick([...certain.old])
      : current;
  }

  #operation({ certain }: TrackedSession): Operation {
    const random = this.#random;
    const key = this.#key();
    const value = certain?.data.get(key) ?? '';
    const roll = random.between(1, 16);
    if (roll <= 4) return SESSION.set(this.#entries());
    if (roll <= 6) return SESSION.incrby('count', random.between(-5, 9));
    if (roll <= 8) return SESSION.get(key);
    if (roll === 9) return SESSION.getall();
    // Values must remain small.
    if (roll === 10) return value.length <= 10_000 ? SESSION.append(key, 'x\r\n') : SESSION.del([key]);
    if (roll === 11) return SESSION.del(random.chance(0.5) ? ['a', 'b'] : [key]);
    if (roll === 12) return SESSION.add(this.#entries());
    if (roll === 13) return SESSION.cas(key, random.chance(0.7) ? value : 'other', this.#value());
    if (roll === 14) return SESSION.mget(['a', key, 'nothing']);
    if (roll === 15) return random.chance(0.5) ? SESSION.clear() : SESSION.clearset(this.#entries());
    return random.pick([SESSION.count(), SESSION.keys(), SESSION.contains(['a', key]), SESSION.touch()]);
  }

  #operate(name: Name, session: TrackedSession, address: string, operation: Operation): Call {
    return this.#change(name, session, [operation.words(address)], stepOf(operation));
  }

  #change(name: Name, session: TrackedSession, requests: readonly Request[], step: Step): Call {
    return {
      requests,
      name,
      sessions: [session],
      settle: (reply, at) => session.settle(step, at, reply),
      doubt: (at) => session.doubt(step, at),
    };
  }

  #look(name: Name, session: TrackedSession, request: Request, step: Step): Call {
    return { requests: [request], name, sessions: [session], settle: (reply, at) => session.settle(step, at, reply) };
  }

  #transaction(name: Name, session: TrackedSession, address: string): Call {
    const random = this.#random;
    const operations = random.some(2, 5, () => this.#operation(session));
    const words = operations.map((operation) => operation.words(address));
    const isWatched = random.chance(0.3) && session.inFlight === 0;
    const watch = isWatched ? [['WATCH', address]] : [];
    const step = transactionOf(operations);
    return {
      ...this.#change(name, session, [...watch, ['MULTI'], ...words, ['EXEC']], step),
      settle(reply, at) {
        // No other request changes the session, unless SESSION.ENDALL runs meanwhile: then its outcome is unknown.
        const hasChanged = isWatched && reply === null && session.certain === undefined;
        session.settle(hasChanged ? NOTHING : step, at, reply);
      },
    };
  }

  #chooseRare(name: Name, session: TrackedSession): Call {
    const random = this.#random;
    const address = this.#address(session);
    if (random.chance(0.5) && session.inFlight === 0 && session.certain?.alive) {
      const isGraceful = session.certain.old.size < OLD_TOKENS && random.chance(0.5);
      const step = rotation(isGraceful);
      session.isRotating = true;
      const request = ['SESSION.ROTATE', address, ...(isGraceful ? ['GRACE', String(DAY)] : [])];
      return {
        ...this.#change(name, session, [request], step),
        settle(reply, at) {
          session.settle(step, at, reply);
          session.isRotating = false;
          if (typeof reply === 'string') session.learn(reply);
        },
      };
    }
    session.isEnding = true;
    return this.#operate(name, session, address, SESSION.end());
  }

  /** An operation on all sessions with a name, or on several. */
  #ofName(name: Name): Call {
    const random = this.#random;
    const sessions = [...name.sessions];
    if (random.chance(0.6)) return this.#list(name, sessions);
    if (random.chance(0.4)) return this.#endMany(name, sessions, ['SESSION.ENDNAME', name.name]);
    const some = sessions.filter(({ origin, isRotating }) => origin !== undefined && !isRotating).slice(0, 3);
    if (some.length === 0) return this.#list(name, sessions);
    if (random.chance(0.5)) {
      const ids = some.map(({ origin }) => this.#idOf(origin ?? ''));
      return this.#endMany(name, some, ['SESSION.ENDID', name.name, ...ids]);
    }
    return this.#endMany(name, some, [
      'SESSION.END',
      ...some.map(({ certain, origin }) => certain?.token ?? origin ?? ''),
    ]);
  }

  #list(name: Name, sessions: readonly TrackedSession[]): Call {
    return {
      requests: [['SESSION.TOKENS', name.name]],
      name,
      sessions,
      settle(reply) {
        const expected: (string | undefined)[] = [];
        for (const { certain } of sessions) {
          // It is not known what should be there.
          if (certain === undefined) return;
          if (certain.alive) expected.push(certain.token);
        }
        if (show(reply) !== show(expected as Reply))
          throw new Error(`replied ${show(reply)}, not ${show(expected as Reply)}`);
      },
    };
  }

  #endMany(name: Name, sessions: readonly TrackedSession[], request: Request): Call {
    const step = endBy('ended');
    for (const session of sessions) session.isEnding = true;
    return {
      requests: [request],
      name,
      sessions,
      settle(reply, at) {
        const alive = sessions.filter(({ certain }) => certain?.alive).length;
        const most = alive + sessions.filter(({ certain }) => certain === undefined).length;
        if (typeof reply !== 'number' || reply < alive || reply > most) {
          throw new Error(`replied ${show(reply)}, and ${alive} to ${most} sessions should have ended`);
        }
        for (const session of sessions) {
          if (session.certain === undefined) session.doubt(step, at);
          else session.settle(step, at, reply);
        }
      },
      doubt(at) {
        for (const session of sessions) session.doubt(step, at);
      },
    };
  }

  #create(name: Name): Call {
    const random = this.#random;
    const { kind } = name;
    const token = kind === 'shared' ? undefined : random.chance(0.5) ? random.token() : undefined;
    const earlier = [...name.sessions];
    let session: TrackedSession;
    if (kind === 'shared') {
      [session] = name.sessions;
    } else {
      session = new TrackedSession(name.name, token, kind === 'fading' && random.chance(0.7));
      name.sessions.push(session);
    }
    const { settings, words } = session.endsByItself ? this.#fading() : this.#lasting(kind);
    // What says which session it is if the reply is lost.
    const data = [
      '#',
      `${this.number}-${++this.#created}`,
      ...(random.chance(0.7) ? [this.#key(), this.#value()] : []),
    ];
    const step = creation({ token: token ?? session.origin, settings, data });
    const limit = kind === 'plain' && random.chance(0.15) ? random.between(1, SESSIONS) : undefined;
    const request = ['SESSION.NEW', name.name, ...words];
    if (limit !== undefined) request.push('LIMIT', String(limit));
    if (token !== undefined) request.push('TOKEN', token);
    request.push('DATA', ...data);
    const surplus = endBy('limit');
    return {
      requests: [request],
      name,
      sessions: limit === undefined ? [session] : [session, ...earlier],
      settle(reply, at) {
        session.settle(step, at, reply);
        if (typeof reply === 'string') session.learn(reply);
        if (limit === undefined) return;
        const older = earlier.filter(({ certain }) => certain?.alive !== false);
        if (older.some(({ certain }) => certain === undefined)) {
          for (const one of older) one.doubt(surplus, at);
          return;
        }
        for (const one of older.slice(0, Math.max(0, older.length + 1 - limit))) {
          one.isEnding = true;
          one.settle(surplus, at, reply);
        }
      },
      doubt(at) {
        session.doubt(step, at);
        if (limit !== undefined) for (const one of earlier) one.doubt(surplus, at);
      },
    };
  }

  /** The settings of a session that lasts. */
  #lasting(kind: Kind): { settings: Partial<Session>; words: readonly string[] } {
    const random = this.#random;
    // When one that slides ends would depend on reads that no replica has to have.
    const extend = kind === 'fading' ? 'none' : random.pick(['none', 'get', 'set', 'both'] as const);
    const words = [String(DAY), ...(extend === 'none' ? [] : ['EXTEND', extend])];
    if (kind === 'shared') words.push('SHARED');
    return { settings: { duration: DAY * 1000, extend, shared: kind === 'shared' }, words };
  }

  /** The settings of a session that expires, loses its data, or reaches its maximum age soon. */
  #fading(): { settings: Partial<Session>; words: readonly string[] } {
    const random = this.#random;
    if (random.chance(0.3)) return { settings: { maxAge: 1 }, words: ['MAXAGE', '1'] };
    const deleteSession = random.chance(0.6);
    return { settings: { duration: 1000, deleteSession }, words: ['1', deleteSession ? '1' : '0'] };
  }

  #key(): string {
    return this.#random.pick(['a', 'b', 'c', 'd', '', '\0\xff']);
  }

  #entries(): string[] {
    return this.#random.some(1, 3, () => [this.#key(), this.#value()]).flat();
  }

  #value(): string {
    const random = this.#random;
    if (random.chance(0.01)) return random.token().repeat(random.between(50, 500));
    return random.bytes(random.between(0, 60));
  }
}
