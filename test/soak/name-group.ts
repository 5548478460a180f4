import type { Random } from '../tools/random.js';
import { isError, type Reply, show } from '../tools/replies.js';
import { born, isToken } from './acts.js';
import { ModelSession, NOWHERE } from './model.js';
import type { Pressure, Span } from './stage.js';

/** Sessions that may bear the name at a time. */
const LIMIT = 3;

interface NameTask {
  readonly request: readonly string[];
  settle(replies: readonly Reply[], at: Span): void;
  lose(): void;
}

/** The sessions of one name, of which LIMIT ends the oldest; what TOKENS and ENDNAME must say of them. */
export class NameGroup {
  readonly #name: string;
  readonly #pressure: Pressure;
  readonly #onDoubt: () => void;
  /** Oldest first. */
  #sessions: ModelSession[] = [];

  /** @param onDoubt A command was lost: which sessions the name has cannot be told any more. */
  constructor(name: string, pressure: Pressure, onDoubt: () => void) {
    this.#name = name;
    this.#pressure = pressure;
    this.#onDoubt = onDoubt;
  }

  someTask(random: Random): NameTask {
    const way = random.fraction();
    if (way < 0.6) return this.#add(random.pick([1, 2, 4]));
    return way < 0.9 ? this.#list() : this.#end();
  }

  #add(ttl: number): NameTask {
    return {
      request: ['SESSION.NEW', this.#name, String(ttl), 'LIMIT', String(LIMIT)],
      settle: ([reply], at) => {
        if (isError(reply, 'OOM') && this.#pressure.within(at)) return;
        if (!isToken(reply)) throw new Error(`SESSION.NEW … LIMIT was answered with ${show(reply)}`);
        this.#enforceLimit(at);
        const world = born({ ...NOWHERE, alive: true, duration: ttl * 1000 }, at);
        this.#sessions.push(new ModelSession(this.#name, reply, [world], at.from, this.#pressure));
      },
      lose: () => this.#onDoubt(),
    };
  }

  /** The oldest go, for a new one. How many of those in between are alive may not be known. */
  #enforceLimit(at: Span): void {
    let certain = 1;
    let possible = 1;
    for (const session of this.#sessions.toReversed()) {
      const alive = session.aliveAt(at);
      if (alive === 'no') continue;
      if (possible >= LIMIT) session.ended(certain >= LIMIT, at);
      possible++;
      if (alive === 'yes') certain++;
    }
    this.#sessions = this.#sessions.filter(({ gone }) => !gone);
  }

  #list(): NameTask {
    return {
      request: ['SESSION.TOKENS', this.#name],
      settle: ([reply], at) => {
        const possible = this.#sessions.filter((session) => session.aliveAt(at) !== 'no');
        const certain = possible.filter((session) => session.aliveAt(at) === 'yes');
        const order = possible.map(({ token }) => token);
        const listed = Array.isArray(reply) ? reply.map((token: Reply) => order.indexOf(String(token))) : [-1];
        const inOrder = listed.every((place, i) => place >= 0 && (i === 0 || place > listed[i - 1]));
        if (!inOrder || certain.some(({ token }) => !listed.includes(order.indexOf(token)))) {
          throw new Error(
            `SESSION.TOKENS was answered with ${show(reply)}, where ${show(order)} are possible and ${show(certain.map(({ token }) => token))} certain`,
          );
        }
      },
      lose: () => {},
    };
  }

  #end(): NameTask {
    return {
      request: ['SESSION.ENDNAME', this.#name],
      settle: ([reply], at) => {
        const possible = this.#sessions.filter((session) => session.aliveAt(at) !== 'no');
        const certain = possible.filter((session) => session.aliveAt(at) === 'yes');
        if (typeof reply !== 'number' || reply < certain.length || reply > possible.length) {
          throw new Error(
            `SESSION.ENDNAME was answered with ${show(reply)}: expected ${certain.length} to ${possible.length}`,
          );
        }
        this.#sessions = [];
      },
      lose: () => this.#onDoubt(),
    };
  }
}
