import { Connection, type Request } from '../tools/connection.js';
import { type Expected, KEY_OPERATIONS as KEY, SESSION_OPERATIONS as SESSION, VALUE } from '../tools/operations.js';
import type { Random } from '../tools/random.js';
import { isError, isStatus, type Reply, show } from '../tools/replies.js';
import type { Span } from '../tools/session.js';
import { audit, SLACK } from './audit.js';
import {
  type Change,
  ClientState,
  creation,
  dueOf,
  type Outcome,
  type OwnSession,
  onKey,
  onSession,
  renaming,
  rotation,
} from './client-state.js';

export type Policy = 'always' | 'everysec' | 'no';

/** A request or a transaction: the server executes it completely or not at all. */
export interface Entry {
  readonly changes: readonly Change[];
  outcomes: readonly Outcome[];
  acknowledged: boolean;
}

/** About how many live sessions a client has. */
const SESSIONS = 25;
/** How many names the shared sessions and the plain keys of a client have. They come and go. */
const SHARED = 3;
const KEYS = 4;
/** The most requests in one write, and the number of unanswered requests below which the next are sent. */
const BURST = 16;
const FEW = 8;
/** Sessions with a shorter duration, in ms, expire during the torture. They are only read. */
const LONG = 600_000;
/** Seconds: longer than the torture lasts. */
const GRACE = 80_000;
/** What `everysec` may lose, in ms. */
const INTERVAL = 1000;

/** The name of the shared session or key that exists after a change which creates or renames one. */
function nameAfter(change: Change): string {
  return change.renamedTo ?? (change.creates ? change.name : '');
}

/**
 * A client with sessions of its own. It changes them in bursts and checks every reply. It keeps a record of its
 * requests and of what was acknowledged, and after a kill it finds out how many of the requests took effect.
 */
export class Client {
  readonly number: number;
  readonly #random: Random;
  /** What must exist: everything that was acknowledged and must not be lost. */
  #floor = new ClientState();
  /** Later requests, in order. */
  #log: Entry[] = [];
  /** The state according to the replies, and the state once everything is answered. */
  #heard = new ClientState();
  #head = new ClientState();
  /** Names of sessions that expired and may return for a while, because their expiry was not promised to be durable. */
  readonly #limbo = new Set<string>();
  readonly #sharedTokens = new Map<string, string>();
  #policy: Policy = 'always';
  #created = 0;
  #unanswered = 0;
  #stopped = false;
  acknowledged = 0;

  constructor(number: number, random: Random) {
    this.number = number;
    this.#random = random;
  }

  /** Puts load on the server until it is killed. @throws Error for a wrong reply. */
  async load(port: number, policy: Policy): Promise<void> {
    this.#policy = policy;
    this.#unanswered = 0;
    this.#stopped = false;
    const connection = await Connection.open({ port }).catch(() => undefined);
    // It was killed already.
    if (connection === undefined) return;
    await new Promise<void>((resolve, reject) => {
      const more = () => {
        while (this.#unanswered < FEW && !this.#stopped) this.#burst(connection, more, reject);
      };
      void connection.ended.then(() => {
        this.#stopped = true;
        const to = performance.now();
        for (const entry of this.#log.filter(({ acknowledged }) => !acknowledged)) {
          entry.outcomes = entry.outcomes.map((outcome) => ({ ...outcome, at: { from: outcome.at.from, to } }));
        }
        resolve();
      });
      more();
    });
  }

  /**
   * Checks what the server has, and continues from there.
   * @param killed When the server under load was killed.
   * @param now The policy of the server that is checked.
   * @returns How many acknowledged requests were lost, and how many unacknowledged ones took effect.
   * @throws Error if the server has data that it must not have.
   */
  async audit(connection: Connection, killed: number, now: Policy): Promise<{ lost: number; kept: number }> {
    // On a busy machine it may have done nothing for a while before it was killed.
    const lastReply = this.#log.findLast(({ acknowledged }) => acknowledged)?.outcomes[0].at.to ?? killed;
    const alive = Math.min(lastReply, killed);
    const acknowledged = this.#log.filter((entry) => entry.acknowledged);
    const result = await audit(connection, {
      floor: this.#floor,
      log: this.#log,
      must: acknowledged.filter(({ outcomes }) => this.#isDurable(outcomes[0].at.to, alive)).length,
      limbo: this.#limbo,
      sharedTokens: this.#sharedTokens,
    });
    for (const name of result.absent) {
      if (now === 'always') result.state.remove(name);
      else {
        result.state.sessions.delete(name);
        this.#limbo.add(name);
      }
    }
    this.#floor = result.state;
    this.#floor.forgetOld();
    this.#heard = this.#floor.copy();
    this.#head = this.#floor.copy();
    this.#log = [];
    for (const [name, { shared, token }] of this.#floor.sessions) {
      if (shared && token !== undefined) this.#sharedTokens.set(name, token);
    }
    const lost = acknowledged.length - result.entries;
    return { lost: Math.max(0, lost), kept: Math.max(0, -lost) };
  }

  /** Returns whether a session with that name may exist. */
  knows(name: string): boolean {
    return this.#floor.sessions.has(name) || this.#limbo.has(name);
  }

  /** @param alive When the server was last seen at work. */
  #isDurable(acknowledged: number, alive: number): boolean {
    return this.#policy === 'always' || (this.#policy === 'everysec' && acknowledged < alive - INTERVAL);
  }

  #burst(connection: Connection, more: () => void, fail: (error: Error) => void): void {
    const from = performance.now();
    const requests: Request[] = [];
    /** For each reply, what to do with it. */
    const handlers: ((reply: Reply) => void)[] = [];
    for (let i = this.#random.between(1, BURST); i > 0; i--) this.#request(from, requests, handlers);
    this.#unanswered += requests.length;
    connection.send(requests, (reply, index) => {
      this.#unanswered--;
      try {
        handlers[index](reply);
      } catch (error) {
        this.#stopped = true;
        fail(new Error(`client ${this.number}: ${requests[index].slice(0, 3).join(' ').slice(0, 90)}: ${error}`));
      }
      if (index === requests.length - 1) more();
    });
  }

  /** Adds a request, or a transaction of several. */
  #request(from: number, requests: Request[], handlers: ((reply: Reply) => void)[]): void {
    const words: Request[] = [];
    const expected: Expected[] = [];
    const changes: Change[] = [];
    const outcomes: Outcome[] = [];
    for (let count = this.#random.chance(0.1) ? this.#random.between(2, 6) : 1; count > 0; count--) {
      const change = this.#choose();
      // A shared session's token is always the same, so it is known without a reply.
      const token = this.#sharedTokens.get(nameAfter(change));
      changes.push(change);
      words.push(change.words(this.#head.sessions.get(change.name)?.token ?? ''));
      const known = change.token === 'server' ? undefined : token;
      expected.push(this.#head.apply(change, { at: { from, to: from }, isAnswered: true, token: known }));
      outcomes.push({ at: { from, to: Infinity }, isAnswered: false, token });
    }
    const entry: Entry = { changes, outcomes, acknowledged: false };
    this.#log.push(entry);
    const settle = (replies: readonly Reply[]) => this.#settle(entry, replies, expected);
    if (changes.length === 1) {
      requests.push(words[0]);
      handlers.push((reply) => settle([reply]));
      return;
    }
    const demand = (text: string) => (reply: Reply) => {
      if (!isStatus(reply, text)) throw new Error(`replied ${show(reply)}`);
    };
    requests.push(['MULTI'], ...words, ['EXEC']);
    handlers.push(demand('OK'), ...words.map(() => demand('QUEUED')), (reply) => {
      if (!Array.isArray(reply) || reply.length !== changes.length) throw new Error(`EXEC replied ${show(reply)}`);
      settle(reply);
    });
  }

  /** The replies to an entry have arrived. */
  #settle(entry: Entry, replies: readonly Reply[], expected: readonly Expected[]): void {
    const to = performance.now();
    entry.outcomes = entry.changes.map((change, i) => {
      const reply = replies[i];
      const { at, token: known } = entry.outcomes[i];
      const span = { from: at.from, to };
      const isAbsent = this.#checkAbsence(change, reply, expected[i](reply), span);
      if (!isAbsent && !expected[i](reply))
        throw new Error(`${change.words('').slice(0, 4).join(' ')} replied ${show(reply).slice(0, 200)}`);
      const token = change.token === 'none' ? known : isAbsent ? undefined : String(reply);
      const lasts = this.#policy === 'always' ? 'for good' : 'for now';
      const outcome: Outcome = { at: span, token, isAnswered: true, absent: isAbsent ? lasts : undefined };
      this.#learn(change, outcome);
      return outcome;
    });
    entry.acknowledged = true;
    this.acknowledged++;
    if (this.#policy !== 'always') return;
    // Replies arrive in the order of the requests.
    this.#log.shift();
    entry.changes.forEach((change, i) => {
      this.#floor.apply(change, entry.outcomes[i]);
    });
  }

  #learn(change: Change, outcome: Outcome): void {
    this.#heard.apply(change, outcome);
    const session = this.#head.sessions.get(change.name);
    if (outcome.absent !== undefined) {
      this.#head.remove(change.name);
      if (this.#policy !== 'always') this.#limbo.add(change.name);
    } else if (session !== undefined && change.token === 'server') {
      session.token = outcome.token;
      if (session.shared && outcome.token !== undefined) this.#sharedTokens.set(change.name, outcome.token);
    }
  }

  /** Returns whether the reply says that there is no such session. @throws Error if there must be one, or must not. */
  #checkAbsence(change: Change, reply: Reply, isExpected: boolean, at: Span): boolean {
    if (change.creates) return false;
    const session = this.#heard.sessions.get(change.name);
    if (session === undefined) return true;
    const saysAbsent = isError(reply, 'NOSESSION') || reply === 0 || show(reply) === '-ERR no such key';
    const isAbsent = saysAbsent && !isExpected;
    const { from, to } = dueOf(session);
    if (isAbsent && at.to < from - SLACK) throw new Error(`the session is gone ${Math.round(from - at.to)} ms early`);
    if (!isAbsent && at.from > to + SLACK) throw new Error(`the session exists ${Math.round(at.from - to)} ms late`);
    return isAbsent;
  }

  #choose(): Change {
    const random = this.#random;
    if (random.chance(0.2)) return this.#chooseForKey(this.#keyName());
    // A session whose token is on its way has to wait. Plain keys have commands of their own.
    const known = [...this.#head.sessions].filter(
      ([name, { token }]) => token !== undefined && !name.startsWith('key-'),
    );
    if (known.length === 0 || random.chance(this.#head.sessions.size < SESSIONS ? 0.3 : 0.02)) return this.#chooseNew();
    const [name, session] = random.pick(known);
    if (session.duration < LONG) {
      if (random.chance(0.05)) return onSession(name, SESSION.end());
      return onSession(name, random.pick([SESSION.exists(), SESSION.get(this.#key())]));
    }
    return random.chance(0.15) ? this.#chooseRare(name, session) : this.#chooseUsual(name, session);
  }

  #chooseNew(): Change {
    const random = this.#random;
    const shared = `shared-${this.number}-${random.between(1, SHARED)}`;
    const isShared = random.chance(0.2) && !this.#head.sessions.has(shared) && !this.#limbo.has(shared);
    const name = isShared ? shared : `own-${this.number}-${++this.#created}`;
    const settings = {
      token: isShared ? undefined : random.token(),
      ttl: random.pick([3600, 86_400]),
      slides: random.chance(0.4),
      data: random.chance(0.7) ? [this.#key(), this.#value()] : [],
    };
    return creation(name, settings, this.#sharedTokens.get(name));
  }

  #chooseUsual(name: string, { data }: OwnSession): Change {
    const random = this.#random;
    const key = this.#key();
    const roll = random.between(1, 12);
    if (roll <= 3) return onSession(name, SESSION.set(this.#entries()));
    if (roll === 11) return onSession(name, SESSION.setex(random.pick([3600, 86_400]), this.#entries()));
    if (roll === 12) return onSession(name, SESSION.keypersist([key]));
    if (roll <= 5) return onSession(name, SESSION.incrby('count', random.between(-5, 9)));
    if (roll <= 7) return onSession(name, SESSION.get(key));
    if (roll === 8) return onSession(name, SESSION.exists());
    // Values must remain small.
    if (roll === 9 && (data.get(key)?.length ?? 0) <= 10_000) return onSession(name, SESSION.append(key, 'x\r\n'));
    return onSession(name, SESSION.del(random.chance(0.5) ? ['a', 'b'] : [key]));
  }

  #chooseRare(name: string, { shared }: OwnSession): Change {
    const random = this.#random;
    const roll = random.between(1, shared ? 3 : 7);
    if (roll === 1) return onSession(name, SESSION.end());
    if (roll === 2) return onSession(name, SESSION.endname(name));
    if (roll === 3) return onSession(name, SESSION.clear());
    if (roll <= 5) return rotation(name, random.chance(0.4) ? GRACE : 0);
    return onSession(name, SESSION.expire('ms', random.chance(0.5) ? random.between(50, 3000) : 7_200_000));
  }

  #chooseForKey(name: string): Change {
    const random = this.#random;
    const session = this.#head.sessions.get(name);
    const ttl = random.pick([3600, 86_400]);
    if (session?.kind === 'set' || session?.kind === 'zset') return this.#chooseForMembers(name, session.kind, ttl);
    if (session === undefined && random.chance(0.5)) return random.chance(0.5) ? this.#sadd(name) : this.#zadd(name);
    const string = session?.data.get(VALUE);
    if (random.chance(string === undefined ? 0.1 : 0.5)) return onKey(name, KEY.set(this.#value(), ttl), true);
    if (session === undefined || (string === undefined && random.chance(0.5))) {
      return onKey(name, KEY.hset(this.#entries()), true);
    }
    if (string === undefined && random.chance(0.3)) {
      return onKey(name, KEY.hexpire(ttl, random.chance(0.5) ? ['a', 'b'] : ['c', 'd']));
    }
    if (string === undefined && random.chance(0.3)) {
      return onKey(name, KEY.hdel(random.chance(0.5) ? ['a', 'b'] : ['c', 'd']));
    }
    // Values must remain small.
    if (string !== undefined && string.length < 10_000 && random.chance(0.5)) {
      const offset = random.chance(0.5) ? undefined : random.between(0, string.length + 3);
      return onKey(name, KEY.write(offset, random.bytes(random.between(1, 9))));
    }
    const to = this.#keyName();
    if (to !== name && random.chance(0.5)) return renaming(name, to);
    return onKey(name, random.chance(0.5) ? KEY.del() : KEY.expire('s', ttl));
  }

  #chooseForMembers(name: string, kind: 'set' | 'zset', ttl: number): Change {
    const random = this.#random;
    const roll = random.between(1, 20);
    if (roll === 1) return onKey(name, KEY.del());
    if (roll === 2) return onKey(name, KEY.set(this.#value(), ttl), true);
    if (roll === 3) return onKey(name, KEY.expire('s', ttl));
    const to = this.#keyName();
    if (roll === 4 && to !== name) return renaming(name, to);
    if (roll < 14) return kind === 'set' ? this.#sadd(name) : this.#zadd(name);
    if (kind === 'set') return onKey(name, KEY.srem(this.#members()));
    return onKey(name, roll < 18 ? KEY.zrem(this.#members()) : KEY.zremrangebyscore(8, 9));
  }

  #sadd(name: string): Change {
    return onKey(name, KEY.sadd(this.#members()), true);
  }

  #zadd(name: string): Change {
    const scored = this.#members().flatMap((member) => [member, String(this.#random.between(-9, 9))]);
    return onKey(name, KEY.zadd(scored), true);
  }

  /** Different members; now and then so many that a set is hashed, and a sorted set has a tree. */
  #members(): string[] {
    const random = this.#random;
    const count = random.chance(0.1) ? 80 : random.between(1, 3);
    const first = random.between(0, 40);
    return Array.from({ length: count }, (_, i) => `\xff${first + i}`);
  }

  #keyName(): string {
    return `key-${this.number}-${this.#random.between(1, KEYS)}`;
  }

  #key(): string {
    return this.#random.pick(['a', 'b', 'c', 'd', '\0\xff']);
  }

  #entries(): string[] {
    return this.#random.some(1, 3, () => [this.#key(), this.#value()]).flat();
  }

  #value(): string {
    const random = this.#random;
    if (random.chance(0.01)) return random.token().repeat(random.between(1000, 12_000));
    return random.bytes(random.between(0, 60));
  }
}
