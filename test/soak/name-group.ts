import { isToken } from '../tools/operations.js';
import type { Random } from '../tools/random.js';
import { isError, type Reply, show } from '../tools/replies.js';
import { created, noSession, type Span } from '../tools/session.js';
import { KnownSession } from './known-session.js';
import type { Pressure } from './stage.js';

/** How many sessions the name may have. */
const LIMIT = 3;

interface NameCommand {
  readonly words: readonly string[];
  settle(reply: Reply, at: Span): void;
  /** Whether it changes which sessions the name has. */
  readonly changes: boolean;
}

/** The sessions of one name. LIMIT ends the oldest ones; TOKENS and ENDNAME must know them all. */
export class NameGroup {
  readonly #name: string;
  readonly #pressure: Pressure;
  /** Oldest first. */
  #sessions: KnownSession[] = [];

  constructor(name: string, pressure: Pressure) {
    this.#name = name;
    this.#pressure = pressure;
  }

  randomCommand(random: Random): NameCommand {
    const way = random.fraction();
    if (way < 0.6) return this.#add(random.pick([1, 2, 4]));
    return way < 0.9 ? this.#list() : this.#end();
  }

  #add(ttl: number): NameCommand {
    return {
      words: ['SESSION.NEW', this.#name, String(ttl), 'LIMIT', String(LIMIT)],
      changes: true,
      settle: (reply, at) => {
        if (isError(reply, 'OOM') && this.#pressure.within(at)) return;
        if (!isToken(reply)) throw new Error(`SESSION.NEW with LIMIT replied ${show(reply)}`);
        this.#enforceLimit(at);
        const session = created({ ...noSession(), duration: ttl * 1000 }, at);
        this.#sessions.push(new KnownSession(this.#name, reply, [session], at.from, this.#pressure));
      },
    };
  }

  /** The oldest sessions make room for a new one. How many of the others are alive may be uncertain. */
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

  #list(): NameCommand {
    return {
      words: ['SESSION.TOKENS', this.#name],
      changes: false,
      settle: (reply, at) => {
        const [possible, certain] = this.#tokensAt(at);
        const listed = Array.isArray(reply) ? reply.map((token: Reply) => possible.indexOf(String(token))) : [-1];
        const inOrder = listed.every((place, i) => place >= 0 && (i === 0 || place > listed[i - 1]));
        if (inOrder && certain.every((token) => listed.includes(possible.indexOf(token)))) return;
        throw new Error(`SESSION.TOKENS replied ${show(reply)}: ${show(possible)} possible, ${show(certain)} certain`);
      },
    };
  }

  #end(): NameCommand {
    return {
      words: ['SESSION.ENDNAME', this.#name],
      changes: true,
      settle: (reply, at) => {
        const [possible, certain] = this.#tokensAt(at);
        if (typeof reply !== 'number' || reply < certain.length || reply > possible.length) {
          throw new Error(`SESSION.ENDNAME replied ${show(reply)}: ${certain.length} to ${possible.length} expected`);
        }
        this.#sessions = [];
      },
    };
  }

  /** Returns the tokens of the sessions that may be alive, and of those that certainly are. */
  #tokensAt(at: Span): readonly [possible: string[], certain: string[]] {
    const possible = this.#sessions.filter((session) => session.aliveAt(at) !== 'no');
    const certain = possible.filter((session) => session.aliveAt(at) === 'yes');
    return [possible.map(({ token }) => token), certain.map(({ token }) => token)];
  }
}
