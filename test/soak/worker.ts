import { encode, type Request } from '../tools/connection.js';
import { isToken, SESSION_OPERATIONS as SESSION } from '../tools/operations.js';
import type { Random } from '../tools/random.js';
import { Failure, isError, isStatus, type Reply, Status, show } from '../tools/replies.js';
import { created, noSession, type Span } from '../tools/session.js';
import { commandOn, Draft, memberCommand, randomCommand } from './commands.js';
import { type Command, KnownSession, type Lost } from './known-session.js';
import { Link } from './link.js';
import { NameGroup } from './name-group.js';
import type { Stage } from './stage.js';

/** How many sessions a worker usually has. */
const SESSIONS = 6;
const DEEPEST = 40;

/** Requests whose replies are checked together. */
interface Task {
  readonly bytes: string;
  readonly replies: number;
  settle(replies: readonly Reply[], at: Span): void;
  /** Called if no reply came: the server may or may not have executed it. */
  lose?(losses: Losses): void;
}

/** What a lost connection leaves uncertain. */
class Losses {
  readonly commands = new Map<KnownSession, Lost[]>();
  readonly forgotten = new Set<KnownSession>();
  readonly created: KnownSession[] = [];
  readonly at: Span;

  constructor(at: Span) {
    this.at = at;
  }

  add(session: KnownSession, lost: Lost): void {
    // The new token is unknown.
    if (lost.commands.some(({ words }) => words[0] === 'SESSION.ROTATE')) this.forgotten.add(session);
    this.commands.set(session, [...(this.commands.get(session) ?? []), lost]);
  }
}

function sending(...requests: readonly Request[]): Pick<Task, 'bytes' | 'replies'> {
  return { bytes: requests.map(encode).join(''), replies: requests.length };
}

/** A task with one request, whose reply cannot change anything. */
function task(request: Request, settle: (reply: Reply, at: Span) => void, lose?: Task['lose']): Task {
  return { ...sending(request), settle: ([reply], at) => settle(reply, at), ...(lose && { lose }) };
}

/**
 * One user of the server. It has sessions of its own, knows what they must be like, and sends pipelines of commands on
 * them with markers in between. Now and then it loses its connection. Then the sessions must be in a state that the
 * commands it sent explain.
 */
export class Worker {
  readonly #stage: Stage;
  readonly #random: Random;
  readonly #name: string;
  readonly #unix: boolean;
  /** How many seconds a session lives at most. */
  readonly #longest: number;
  #sessions: KnownSession[] = [];
  readonly #shared: KnownSession;
  /** A set or a sorted set. */
  readonly #members: KnownSession;
  #group: NameGroup;
  #pending: Task[] = [];
  #sentAt = 0;
  #groups = 0;
  #markers = 0;

  constructor(stage: Stage, number: number, options: { unix: boolean; longest: number }) {
    this.#stage = stage;
    this.#random = stage.random.fork(number);
    this.#name = `worker-${number}`;
    this.#unix = options.unix;
    this.#longest = options.longest;
    const name = `${this.#name}:shared`;
    this.#shared = new KnownSession(name, `@${name}`, [noSession()], 0, stage.pressure);
    const key = `${this.#name}:members`;
    this.#members = new KnownSession(key, `@${key}`, [noSession()], 0, stage.pressure);
    this.#group = this.#newGroup();
  }

  async run(): Promise<void> {
    let link = await this.#join();
    while (!this.#stage.stopping) {
      await this.#send(link);
      await link.answered();
      if (link.closed) link = await this.#recover(link);
      if (this.#random.chance(0.7)) await this.#stage.pause(this.#random.between(0, 40));
    }
    await link.leave();
  }

  #join(): Promise<Link> {
    const protocol = this.#random.chance(0.5) ? 3 : 2;
    return Link.join(this.#stage, { name: this.#name, protocol, unix: this.#unix });
  }

  /** Sends a pipeline, in one piece or several, and sometimes cuts the connection. */
  async #send(link: Link): Promise<void> {
    const random = this.#random;
    const { tally } = this.#stage;
    const tasks = this.#plan(random.chance(0.1) ? random.between(10, DEEPEST) : random.between(1, 8));
    for (const task of tasks) {
      this.#pending.push(task);
      const settle: Task['settle'] = (replies, at) => {
        this.#pending.shift();
        tally.count('replies checked', replies.length);
        task.settle(replies, at);
      };
      link.expect({ replies: task.replies, settle });
    }
    const bytes = tasks.map((task) => task.bytes).join('');
    this.#sentAt = performance.now();
    const way = random.fraction();
    if (way < 0.008) {
      tally.count('connections cut in a request');
      link.write(bytes.slice(0, random.between(1, bytes.length)));
      // Sometimes the server has already started on it.
      if (random.chance(0.5)) await this.#stage.pause(random.between(0, 3));
      link.cut();
      await link.ended;
    } else if (way < 0.016) {
      tally.count('connections cut in a reply');
      link.cutAfter(random.between(1, 200));
      link.write(bytes);
    } else if (way < 0.02) {
      tally.count('connections left without waiting');
      link.write(bytes);
      await link.leave();
    } else if (way < 0.1) {
      tally.count('requests sent in pieces');
      for (let at = 0; at < bytes.length && !link.closed; ) {
        const length = random.between(1, Math.ceil(bytes.length / 4));
        link.write(bytes.slice(at, at + length));
        at += length;
        await new Promise(setImmediate);
      }
    } else {
      link.write(bytes);
    }
  }

  /** Reconnects, and computes what the commands without a reply may have done. */
  async #recover(old: Link): Promise<Link> {
    for (;;) {
      const link = await this.#join();
      // Until the server notices that the old connection has ended, it may still serve its requests.
      let still: Reply | undefined;
      do still = await link.ask('CLIENT', 'LIST', 'ID', String(old.id));
      while (still !== undefined && still !== '');
      if (still === undefined) continue;
      const losses = new Losses({ from: this.#sentAt, to: performance.now() });
      for (const task of this.#pending) task.lose?.(losses);
      this.#pending = [];
      for (const [session, commands] of losses.commands) {
        if (!session.lose(commands, losses.at)) losses.forgotten.add(session);
      }
      this.#sessions = [...this.#sessions, ...losses.created].filter((session) => !losses.forgotten.has(session));
      this.#stage.tally.count('sessions uncertain after a lost connection', losses.commands.size);
      return link;
    }
  }

  #plan(depth: number): Task[] {
    const tasks: Task[] = [];
    for (const session of this.#sessions) {
      if (!session.gone) continue;
      if (session.evicted) this.#stage.tally.count('sessions seen evicted');
      // Nothing may bring it back.
      if (this.#random.chance(0.5)) tasks.push(this.#on(session, commandOn(SESSION.getall(), session.token)));
    }
    this.#sessions = this.#sessions.filter((session) => !session.gone);
    for (let i = 0; i < depth; i++) {
      tasks.push(this.#randomTask());
      if (this.#random.chance(0.2)) tasks.push(this.#marker());
    }
    tasks.push(this.#marker());
    return tasks;
  }

  #randomTask(): Task {
    const random = this.#random;
    const way = random.fraction();
    if (this.#sessions.length === 0 || (this.#sessions.length < SESSIONS && way < 0.2)) return this.#newSession();
    if (way < 0.24) return this.#onName();
    if (way < 0.28) return this.#transaction();
    if (way < 0.31) return this.#increment();
    if (way < 0.36) return this.#on(this.#shared, random.chance(0.5) ? this.#createShared() : this.#openShared());
    if (way < 0.45) return this.#on(this.#shared, this.#randomCommand(this.#shared));
    if (way < 0.52) return this.#on(this.#members, memberCommand(this.#members.name, random));
    const session = random.pick(this.#sessions);
    return this.#on(session, this.#randomCommand(session));
  }

  #randomCommand(session: KnownSession): Command {
    const random = this.#random;
    if (session === this.#shared) return randomCommand(session, `@${session.name}`, random);
    return randomCommand(session, random.chance(0.9) ? session.token : random.pick(session.tokens), random);
  }

  #createShared(): Command {
    return new Draft(this.#random, this.#longest).shared(this.#shared.name);
  }

  #openShared(): Command {
    return {
      words: ['SESSION.OPEN', this.#shared.name],
      takesMemory: false,
      run: ({ alive }) => (alive ? isToken : (reply) => isError(reply, 'NOSESSION')),
    };
  }

  #on(session: KnownSession, command: Command): Task {
    return task(
      command.words,
      (reply, at) => session.settle(command, reply, at),
      (losses) => losses.add(session, { commands: [command], mayBeRefused: false }),
    );
  }

  /** Markers between the commands ensure that no reply is taken for the reply to another command. */
  #marker(): Task {
    const mark = `${this.#name}/${this.#markers++}`;
    const [bytes, expected]: [string, Reply] = this.#random.pick([
      [encode(['ECHO', mark]), mark],
      [encode(['PING', mark]), mark],
      [encode(['PING']), new Status('PONG')],
      [`echo "${mark}"\r\n`, mark],
      [encode(['CLIENT', 'REPLY', 'SKIP']) + encode(['ECHO', 'skipped']) + encode(['ECHO', mark]), mark],
    ]);
    const settle = ([reply]: readonly Reply[]) => {
      if (show(reply) !== show(expected)) throw new Error(`${JSON.stringify(bytes)} replied ${show(reply)}`);
    };
    return { bytes, replies: 1, settle };
  }

  #newSession(): Task {
    const random = this.#random;
    const { pressure, tally } = this.#stage;
    const name = `${this.#name}:${random.between(0, 2)}`;
    const draft = new Draft(random, this.#longest);
    const own = random.chance(0.3) ? random.token() : undefined;
    return task(
      draft.words(name, ...(own === undefined ? [] : ['TOKEN', own])),
      (reply, at) => {
        if (isError(reply, 'OOM') && pressure.within(at)) return;
        if (!isToken(reply) || reply !== (own ?? reply)) throw new Error(`SESSION.NEW replied ${show(reply)}`);
        tally.count('sessions created');
        this.#sessions.push(new KnownSession(name, reply, [created(draft.settings, at)], at.from, pressure));
      },
      (losses) => {
        // A client that chose the token can find out whether the session exists.
        if (own === undefined) return;
        const possible = [noSession(), created(draft.settings, losses.at)];
        losses.created.push(new KnownSession(name, own, possible, losses.at.from, pressure));
      },
    );
  }

  #onName(): Task {
    const group = this.#group;
    const command = group.randomCommand(this.#random);
    return task(
      command.words,
      (reply, at) => command.settle(reply, at),
      () => {
        // It is uncertain which sessions the name has. It is replaced by another name.
        if (command.changes && group === this.#group) this.#group = this.#newGroup();
      },
    );
  }

  #newGroup(): NameGroup {
    return new NameGroup(`${this.#name}:limit:${this.#groups++}`, this.#stage.pressure);
  }

  #increment(): Task {
    const { race, pressure } = this.#stage;
    race.request();
    return task(['SESSION.INCRBY', `@${race.name}`, race.key, '1'], (reply, at) =>
      race.incremented(this.#name, reply, pressure.within({ from: 0, to: at.to })),
    );
  }

  /** MULTI, commands on one or more sessions, and EXEC; or a transaction that is discarded, refused or stopped. */
  #transaction(): Task {
    const random = this.#random;
    const commands = random.some(1, 6, () => {
      const session = random.pick([...this.#sessions, this.#shared]);
      return { session, command: this.#randomCommand(session) };
    });
    const requests = commands.map(({ command }) => command.words);
    const way = random.fraction();
    if (way < 0.1) return this.#discarded(requests);
    if (way < 0.2) return this.#refused(requests);
    const watched = way < 0.4 ? random.pick(this.#sessions) : undefined;
    const change = commandOn(SESSION.set(['disturbed', '1']), watched?.token ?? '');
    const before = watched === undefined ? [] : [['WATCH', watched.token], change.words];
    return {
      ...sending(...before, ['MULTI'], ...requests, ['EXEC']),
      settle: (replies, at) => {
        this.#stage.tally.count('transactions');
        if (watched !== undefined) {
          expectOk(replies[0]);
          watched.settle(change, replies[1], at);
        }
        expectOk(replies[before.length]);
        const results = this.#resultsOf(replies.slice(before.length + 1), at);
        if (results === 'refused') return;
        if (watched !== undefined && results === null) {
          this.#stage.tally.count('transactions stopped by WATCH');
          return;
        }
        // If the watched session exists, the write has changed it.
        if (watched !== undefined && !(replies[1] instanceof Failure)) {
          throw new Error(`a watched session was changed, but EXEC replied ${show(results)}`);
        }
        if (!Array.isArray(results) || results.length !== commands.length) {
          throw new Error(`EXEC replied ${show(results)}`);
        }
        commands.forEach(({ session, command }, i) => {
          session.settle(command, results[i], at);
        });
      },
      lose: (losses) => {
        if (watched !== undefined) losses.add(watched, { commands: [change], mayBeRefused: false });
        for (const session of new Set(commands.map((one) => one.session))) {
          const its = commands.filter((one) => one.session === session);
          losses.add(session, { commands: its.map(({ command }) => command), mayBeRefused: true });
        }
      },
    };
  }

  /** Returns the reply to EXEC, or `refused` if memory was short. @param replies To the queued commands and EXEC. */
  #resultsOf(replies: readonly Reply[], at: Span): Reply | 'refused' {
    const results = replies[replies.length - 1];
    const refused = replies.slice(0, -1).filter((reply) => !isStatus(reply, 'QUEUED'));
    const isShort = this.#stage.pressure.within(at);
    if (refused.some((reply) => !(isShort && isError(reply, 'OOM')))) {
      throw new Error(`queued commands replied ${show(refused)}`);
    }
    if (isShort && isError(results, 'EXECABORT')) return 'refused';
    if (refused.length > 0) throw new Error(`EXEC replied ${show(results)}`);
    return results;
  }

  #discarded(requests: readonly Request[]): Task {
    return {
      ...sending(['MULTI'], ...requests, ['DISCARD']),
      settle: (replies) => {
        expectOk(replies[0]);
        expectOk(replies[replies.length - 1]);
      },
    };
  }

  #refused(requests: readonly Request[]): Task {
    const broken = this.#random.pick([['NO-SUCH-COMMAND'], ['SESSION.GET'], ['MONITOR']]);
    return {
      ...sending(['MULTI'], ...requests, broken, ['EXEC']),
      settle: (replies) => {
        const last = replies[replies.length - 1];
        if (!isError(last, 'EXECABORT')) throw new Error(`EXEC replied ${show(last)}`);
      },
    };
  }
}

function expectOk(reply: Reply): void {
  if (!isStatus(reply, 'OK')) throw new Error(`expected +OK, got ${show(reply)}`);
}
