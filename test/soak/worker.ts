import type { Random } from '../tools/random.js';
import { Failure, isError, type Reply, Status, show } from '../tools/replies.js';
import { born, createShared, isToken, lookAct, newWords, openShared, randomAct, randomSettings } from './acts.js';
import { encode, Link } from './link.js';
import { type Act, type LostActs, ModelSession, NOWHERE, wrote } from './model.js';
import { NameGroup } from './name-group.js';
import type { Race } from './race.js';
import type { Span, Stage } from './stage.js';

/** A worker has so many sessions, as a rule. */
const SESSIONS = 6;
const DEEPEST = 40;

/** Commands that are answered together, and what their replies mean. */
interface Task {
  readonly bytes: string;
  readonly replies: number;
  settle(replies: readonly Reply[], at: Span): void;
  /** The replies did not come: it may have been carried out, or not. */
  lose(losses: Losses): void;
}

function sending(...requests: readonly (readonly string[])[]): Pick<Task, 'bytes' | 'replies'> {
  return { bytes: requests.map(encode).join(''), replies: requests.length };
}

/** What a lost connection leaves in doubt. */
class Losses {
  readonly acts = new Map<ModelSession, LostActs[]>();
  readonly forgotten = new Set<ModelSession>();
  readonly born: ModelSession[] = [];
  readonly at: Span;

  constructor(at: Span) {
    this.at = at;
  }

  add(session: ModelSession, lost: LostActs): void {
    // Nobody knows the token that came of it.
    if (lost.acts.some(({ words }) => words[0] === 'SESSION.ROTATE')) this.forgotten.add(session);
    this.acts.set(session, [...(this.acts.get(session) ?? []), lost]);
  }
}

/**
 * One user of the server: has sessions of its own, of which it knows what they must be like, and sends
 * pipelines of commands on them with markers in between. Now and then its connection is lost half-way; the next
 * one must find the sessions in a state that the commands sent explain.
 */
export class Worker {
  readonly #stage: Stage;
  readonly #random: Random;
  readonly #name: string;
  readonly #unix: boolean;
  /** Seconds that a session lives at the most. */
  readonly #longest: number;
  #sessions: ModelSession[] = [];
  readonly #shared: ModelSession;
  #group: NameGroup;
  #pending: Task[] = [];
  #sentAt = 0;
  #groups = 0;
  #marks = 0;

  constructor(stage: Stage, number: number, options: { unix: boolean; longest: number }) {
    this.#stage = stage;
    this.#random = stage.random.fork(number);
    this.#name = `worker-${number}`;
    this.#unix = options.unix;
    this.#longest = options.longest;
    const name = `${this.#name}:shared`;
    this.#shared = new ModelSession(name, `@${name}`, [NOWHERE], 0, stage.pressure);
    this.#group = this.#newGroup();
  }

  async run(): Promise<void> {
    let link = await this.#open();
    while (!this.#stage.stopping) {
      await this.#send(link);
      await link.answered();
      if (link.closed) link = await this.#recover(link);
      if (this.#random.chance(0.7)) await this.#stage.pause(this.#random.between(0, 40));
    }
    link.leave();
    await link.ended;
  }

  #open(): Promise<Link> {
    const protocol = this.#random.chance(0.5) ? 3 : 2;
    return Link.open(this.#stage, { name: this.#name, protocol, unix: this.#unix });
  }

  /** Sends a pipeline, in one of the ways that a client may. */
  async #send(link: Link): Promise<void> {
    const random = this.#random;
    const tasks = this.#plan(random.chance(0.1) ? random.between(10, DEEPEST) : random.between(1, 8));
    let bytes = '';
    for (const task of tasks) {
      this.#pending.push(task);
      link.expect({
        replies: task.replies,
        settle: (replies, at) => {
          this.#pending.shift();
          this.#stage.count('commands checked', replies.length);
          task.settle(replies, at);
        },
      });
      bytes += task.bytes;
    }
    this.#sentAt = performance.now();
    const way = random.fraction();
    if (way < 0.008) {
      this.#stage.count('connections cut in a request');
      link.write(bytes.slice(0, random.between(1, bytes.length)));
      // Sometimes the server has begun with it.
      if (random.chance(0.5)) await this.#stage.pause(random.between(0, 3));
      link.cut();
      await link.ended;
    } else if (way < 0.016) {
      this.#stage.count('connections cut in a reply');
      link.cutAfter(random.between(1, 200));
      link.write(bytes);
    } else if (way < 0.02) {
      this.#stage.count('connections left without waiting');
      link.write(bytes);
      link.leave();
      await link.ended;
    } else if (way < 0.1) {
      this.#stage.count('requests sent in pieces');
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

  /** Connects anew, and works out what may have become of what was not answered. */
  async #recover(old: Link): Promise<Link> {
    for (;;) {
      const link = await this.#open();
      // What the old connection sent may be served until the server has noticed its end.
      let still = await link.ask('CLIENT', 'LIST', 'ID', String(old.id));
      while (still !== undefined && still !== '') still = await link.ask('CLIENT', 'LIST', 'ID', String(old.id));
      if (still === undefined) continue;
      const losses = new Losses({ from: this.#sentAt, to: performance.now() });
      for (const task of this.#pending) task.lose(losses);
      this.#pending = [];
      for (const [session, acts] of losses.acts) {
        if (!session.lose(acts, losses.at)) losses.forgotten.add(session);
      }
      this.#sessions = [...this.#sessions, ...losses.born].filter((session) => !losses.forgotten.has(session));
      this.#stage.count('sessions in doubt after a loss', losses.acts.size);
      return link;
    }
  }

  #plan(depth: number): Task[] {
    const tasks: Task[] = [];
    for (const session of this.#sessions) {
      if (!session.gone) continue;
      if (session.evicted) this.#stage.count('sessions seen evicted');
      // Nothing may have brought it back.
      if (this.#random.chance(0.5)) tasks.push(this.#actOn(session, lookAct(session.token)));
    }
    this.#sessions = this.#sessions.filter((session) => !session.gone);
    for (let i = 0; i < depth; i++) {
      tasks.push(this.#someTask());
      if (this.#random.chance(0.2)) tasks.push(this.#marker());
    }
    tasks.push(this.#marker());
    return tasks;
  }

  #someTask(): Task {
    const random = this.#random;
    const way = random.fraction();
    if (this.#sessions.length === 0 || (this.#sessions.length < SESSIONS && way < 0.2)) return this.#newSession();
    if (way < 0.24) {
      const task = this.#group.someTask(random);
      return { ...task, ...sending(task.request) };
    }
    if (way < 0.28) return this.#transaction();
    if (way < 0.31) return this.#increment(this.#stage.race);
    if (way < 0.36) {
      const { name } = this.#shared;
      const act = random.pick([createShared(name, random, this.#longest), openShared(name)]);
      return this.#actOn(this.#shared, act);
    }
    if (way < 0.45) return this.#actOn(this.#shared, randomAct(this.#shared, `@${this.#shared.name}`, random));
    const session = random.pick(this.#sessions);
    return this.#actOn(session, this.#someAct(session));
  }

  #someAct(session: ModelSession): Act {
    const random = this.#random;
    if (session === this.#shared) return randomAct(session, `@${session.name}`, random);
    const address = random.chance(0.9) ? session.token : session.someToken((tokens) => random.pick(tokens));
    return randomAct(session, address, random);
  }

  #actOn(session: ModelSession, act: Act): Task {
    return {
      ...sending(act.words),
      settle: ([reply], at) => session.settle(act, reply, at),
      lose: (losses) => losses.add(session, { acts: [act], mayBeRefused: false }),
    };
  }

  /** Markers between the commands: with them, no reply can be taken for that to another command. */
  #marker(): Task {
    const mark = `${this.#name}/${this.#marks++}`;
    const [bytes, expected]: [string, Reply] = this.#random.pick([
      [encode(['ECHO', mark]), mark],
      [encode(['PING', mark]), mark],
      [encode(['PING']), new Status('PONG')],
      [`echo "${mark}"\r\n`, mark],
      [encode(['CLIENT', 'REPLY', 'SKIP']) + encode(['ECHO', 'nobody hears']) + encode(['ECHO', mark]), mark],
    ]);
    return {
      bytes,
      replies: 1,
      settle: ([reply]) => {
        if (show(reply) !== show(expected)) {
          throw new Error(`${JSON.stringify(bytes)} was answered with ${show(reply)}`);
        }
      },
      lose: () => {},
    };
  }

  #newSession(): Task {
    const random = this.#random;
    const { pressure } = this.#stage;
    const name = `${this.#name}:${random.between(0, 2)}`;
    const { words, world } = randomSettings(random, this.#longest);
    const own = random.chance(0.3) ? random.token() : undefined;
    return {
      ...sending(newWords(name, words, own === undefined ? [] : ['TOKEN', own])),
      settle: ([reply], at) => {
        if (isError(reply, 'OOM') && pressure.within(at)) return;
        if (!isToken(reply) || (own !== undefined && reply !== own)) {
          throw new Error(`SESSION.NEW was answered with ${show(reply)}`);
        }
        this.#stage.count('sessions made');
        this.#sessions.push(new ModelSession(name, reply, [born(world, at)], at.from, pressure));
      },
      lose: ({ at, born: found }) => {
        // Who has chosen the token can ask whether there is such a session.
        if (own === undefined) return;
        found.push(new ModelSession(name, own, [NOWHERE, born(world, at)], at.from, pressure));
      },
    };
  }

  #newGroup(): NameGroup {
    const group: NameGroup = new NameGroup(`${this.#name}:limit:${this.#groups++}`, this.#stage.pressure, () => {
      // A new name begins.
      if (group === this.#group) this.#group = this.#newGroup();
    });
    return group;
  }

  /** MULTI, commands on one or more sessions, EXEC; or one of the ways in which that comes to nothing. */
  #transaction(): Task {
    const random = this.#random;
    const acts = Array.from({ length: random.between(1, 6) }, () => {
      const session = random.pick([...this.#sessions, this.#shared]);
      return { session, act: this.#someAct(session) };
    });
    const requests = acts.map(({ act }) => act.words);
    const way = random.fraction();
    if (way < 0.1) return this.#discarded(requests);
    if (way < 0.2) return this.#aborted(requests);
    const watched = way < 0.4 ? random.pick(this.#sessions) : undefined;
    const disturb = watched === undefined ? undefined : this.#disturbance(watched.token);
    const before = watched === undefined || disturb === undefined ? [] : [['WATCH', watched.token], disturb.words];
    return {
      ...sending(...before, ['MULTI'], ...requests, ['EXEC']),
      settle: (replies, at) => {
        this.#stage.count('transactions');
        if (watched !== undefined && disturb !== undefined) {
          expectStatus(replies[0], 'OK');
          watched.settle(disturb, replies[1], at);
        }
        const rest = replies.slice(before.length);
        expectStatus(rest[0], 'OK');
        const queued = rest.slice(1, -1);
        const refused = queued.filter((reply) => !(reply instanceof Status && reply.text === 'QUEUED'));
        const underPressure = this.#stage.pressure.within(at);
        if (refused.some((reply) => !(underPressure && isError(reply, 'OOM')))) {
          throw new Error(`queueing was answered with ${show(refused)}`);
        }
        const results = rest[rest.length - 1];
        if (refused.length > 0 || (underPressure && isError(results, 'EXECABORT'))) {
          if (!isError(results, 'EXECABORT')) throw new Error(`EXEC was answered with ${show(results)}`);
          return;
        }
        if (watched !== undefined && results === null) {
          this.#stage.count('transactions stopped by WATCH');
          return;
        }
        // The watched session is disturbed if it was there to be written to.
        if (watched !== undefined && !(replies[1] instanceof Failure)) {
          throw new Error(`EXEC was not stopped by the change to a watched session: ${show(results)}`);
        }
        if (!Array.isArray(results) || results.length !== acts.length) {
          throw new Error(`EXEC was answered with ${show(results)}`);
        }
        acts.forEach(({ session, act }, i) => {
          session.settle(act, results[i], at);
        });
      },
      lose: (losses) => {
        if (watched !== undefined && disturb !== undefined)
          losses.add(watched, { acts: [disturb], mayBeRefused: false });
        const together = new Map<ModelSession, Act[]>();
        for (const { session, act } of acts) together.set(session, [...(together.get(session) ?? []), act]);
        for (const [session, its] of together) losses.add(session, { acts: its, mayBeRefused: true });
      },
    };
  }

  /** A write that changes the session for certain, if there is one. */
  #disturbance(token: string): Act {
    const key = 'disturbed';
    return {
      words: ['SESSION.SET', token, key, '1'],
      token,
      takesMemory: true,
      run: (world, at) => {
        if (!world.alive) return (reply) => isError(reply, 'NOSESSION');
        world.data.set(key, '1');
        wrote(world, at);
        return (reply) => reply instanceof Status && reply.text === 'OK';
      },
    };
  }

  #discarded(requests: readonly (readonly string[])[]): Task {
    return {
      ...sending(['MULTI'], ...requests, ['DISCARD']),
      settle: (replies) => {
        expectStatus(replies[0], 'OK');
        expectStatus(replies[replies.length - 1], 'OK');
      },
      lose: () => {},
    };
  }

  #aborted(requests: readonly (readonly string[])[]): Task {
    const broken = this.#random.pick([['NO-SUCH-COMMAND'], ['SESSION.GET'], ['MONITOR']]);
    return {
      ...sending(['MULTI'], ...requests, broken, ['EXEC']),
      settle: (replies) => {
        const last = replies[replies.length - 1];
        if (!isError(last, 'EXECABORT')) throw new Error(`EXEC was answered with ${show(last)}`);
      },
      lose: () => {},
    };
  }

  #increment(race: Race): Task {
    race.ask();
    return {
      ...sending(['SESSION.INCRBY', `@${race.name}`, race.key, '1']),
      settle: ([reply], at) => race.incremented(this.#name, reply, this.#stage.pressure.within({ from: 0, to: at.to })),
      lose: () => {},
    };
  }
}

function expectStatus(reply: Reply, text: string): void {
  if (!(reply instanceof Status) || reply.text !== text) throw new Error(`expected +${text}, got ${show(reply)}`);
}
