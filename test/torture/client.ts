import { Link } from '../tools/connection.js';
import type { Random } from '../tools/random.js';
import { Failure, type Reply, Status, show } from '../tools/replies.js';
import { audit, SLACK } from './audit.js';
import { type Act, ClientState, type Outcome, requestOf, type SessionState, VALUE, written } from './state.js';

export type Policy = 'always' | 'everysec' | 'no';

/** A request, or a transaction: what counts as a whole or not at all. */
export interface Entry {
  readonly acts: readonly Act[];
  outcomes: readonly Outcome[];
  heard: boolean;
}

/** Live sessions that a client has, about. */
const SESSIONS = 25;
/** Shared sessions come and go under the same few names. */
const SHARED = 3;
/** So do plain keys, which are renamed to one another. */
const KEYS = 4;
/** Requests in one write, at most, and unanswered ones below which the next are sent. */
const BURST = 16;
const FEW = 8;
/** Shorter durations than this, in ms, end while the torture lasts: such a session is only looked at. */
const LONG = 600_000;
/** Seconds: until after the end. */
const GRACE = 80_000;
/** What may be missing under `everysec`, in ms. */
const INTERVAL = 1000;

/** Whether it is answered with a token. */
function chosen({ kind }: Act): boolean {
  return kind === 'new' || kind === 'rotate';
}

/** Whether it is the server that says which token the session has from then on. */
function chosenByServer(act: Act): boolean {
  return act.kind === 'rotate' || (act.kind === 'new' && act.token === undefined);
}

/** The name of the shared session that there is after an act which makes one, or gives one another name. */
function sharedNameAfter(act: Act): string | undefined {
  if (act.kind === 'rename') return act.to;
  return act.kind === 'new' || act.kind === 'put' || act.kind === 'hset' ? act.name : undefined;
}

/** What an act is answered with, worked out when it is sent. */
type Expected = (reply: Reply) => boolean;

/**
 * A client with sessions of its own, which it changes in bursts, checking every reply. It keeps its own record of what it
 * asked for and what was acknowledged, and after a kill finds out how much of that is there.
 */
export class Client {
  readonly number: number;
  readonly #random: Random;
  /** What must be there: everything that was acknowledged and may not be lost. */
  #floor = new ClientState();
  /** What was asked for after that, in order. */
  #log: Entry[] = [];
  /** As the replies tell it, and as it will be when all is answered. */
  #heard = new ClientState();
  #head = new ClientState();
  /** Names of sessions that expired and may come back for a while: nobody was promised anything. */
  readonly #limbo = new Set<string>();
  readonly #sharedTokens = new Map<string, string>();
  #policy: Policy = 'always';
  #made = 0;
  #unanswered = 0;
  #stopped = false;
  acknowledged = 0;

  constructor(number: number, random: Random) {
    this.number = number;
    this.#random = random;
  }

  /** Loads the server until it is killed. @throws Error for a reply that is wrong. */
  async load(port: number, policy: Policy): Promise<void> {
    this.#policy = policy;
    this.#unanswered = 0;
    this.#stopped = false;
    const link = await Link.open(port).catch(() => undefined);
    // It was killed before.
    if (link === undefined) return;
    await new Promise<void>((resolve, reject) => {
      const more = () => {
        while (this.#unanswered < FEW && !this.#stopped) this.#burst(link, more, reject);
      };
      void link.ended.then(() => {
        this.#stopped = true;
        const heard = performance.now();
        for (const entry of this.#log) {
          if (!entry.heard) entry.outcomes = entry.outcomes.map((outcome) => ({ ...outcome, heard }));
        }
        resolve();
      });
      more();
    });
  }

  /**
   * Looks at what the server has, and goes on from there.
   * @param killed When the server was killed that this client had loaded.
   * @param now The policy of the server that is looked at.
   * @returns How many acknowledged requests were lost, and how many unacknowledged ones are there.
   * @throws Error if that is not what it may be.
   */
  async audit(link: Link, killed: number, now: Policy): Promise<{ lost: number; kept: number }> {
    // On a busy machine it may not have got to anything for a while before that.
    const alive = this.#log.findLast(({ heard }) => heard)?.outcomes[0].heard ?? killed;
    const must = this.#log.filter(
      ({ heard, outcomes }) => heard && this.#mayNotBeLost(outcomes[0].heard, Math.min(alive, killed)),
    ).length;
    const result = await audit(link, {
      floor: this.#floor,
      log: this.#log,
      must,
      limbo: this.#limbo,
      sharedTokens: this.#sharedTokens,
    });
    const acknowledged = this.#log.filter(({ heard }) => heard).length;
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
    return { lost: Math.max(0, acknowledged - result.entries), kept: Math.max(0, result.entries - acknowledged) };
  }

  /** Whether a session of that name may be there. */
  knows(name: string): boolean {
    return this.#floor.sessions.has(name) || this.#limbo.has(name);
  }

  /** @param alive When the server had last been seen at work. */
  #mayNotBeLost(heard: number, alive: number): boolean {
    return this.#policy === 'always' || (this.#policy === 'everysec' && heard < alive - INTERVAL);
  }

  #burst(link: Link, more: () => void, fail: (error: Error) => void): void {
    const sent = performance.now();
    const requests: string[][] = [];
    /** For each reply, what is to be done with it. */
    const handlers: ((reply: Reply) => void)[] = [];
    for (let i = this.#random.between(1, BURST); i > 0; i--) this.#request(sent, requests, handlers);
    this.#unanswered += requests.length;
    link.send(requests, (reply, index) => {
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

  #request(sent: number, requests: string[][], handlers: ((reply: Reply) => void)[]): void {
    const { acts, words, expected } = this.#chooseActs(sent, this.#random.chance(0.1) ? this.#random.between(2, 6) : 1);
    if (acts.length === 0) return;
    const entry: Entry = {
      acts,
      // The token of a shared session is always the same: it is known without a reply.
      outcomes: acts.map((act) => ({
        sent,
        heard: Infinity,
        isHeard: false,
        token: this.#sharedTokens.get(sharedNameAfter(act) ?? ''),
      })),
      heard: false,
    };
    this.#log.push(entry);
    if (acts.length === 1) {
      requests.push(words[0]);
      handlers.push((reply) => this.#answered(entry, [reply], expected));
      return;
    }
    const demand = (text: string) => (reply: Reply) => {
      if (!(reply instanceof Status) || reply.text !== text) throw new Error(`replied ${show(reply)}`);
    };
    requests.push(['MULTI'], ...words, ['EXEC']);
    handlers.push(demand('OK'), ...words.map(() => demand('QUEUED')), (reply) => {
      if (!Array.isArray(reply) || reply.length !== acts.length) throw new Error(`EXEC replied ${show(reply)}`);
      this.#answered(entry, reply, expected);
    });
  }

  #chooseActs(sent: number, count: number): { acts: Act[]; words: string[][]; expected: Expected[] } {
    const acts: Act[] = [];
    const words: string[][] = [];
    const expected: Expected[] = [];
    for (let i = 0; i < count; i++) {
      const act = this.#choose();
      if (act === undefined) continue;
      const token = this.#head.sessions.get(act.name)?.token ?? '';
      acts.push(act);
      words.push(requestOf(act, token));
      expected.push(this.#expect(act, this.#head.sessions.get(act.name)));
      const known = chosen(act) ? undefined : this.#sharedTokens.get(sharedNameAfter(act) ?? '');
      this.#head.apply(act, { sent, heard: sent, isHeard: true, token: known });
    }
    return { acts, words, expected };
  }

  /** The replies to an entry are there. */
  #answered(entry: Entry, replies: readonly Reply[], expected: readonly Expected[]): void {
    const heard = performance.now();
    entry.outcomes = entry.acts.map((act, i) => {
      const reply = replies[i];
      const { sent, token: known } = entry.outcomes[i];
      const isAbsent = this.#checkAbsence(act, reply, sent, heard);
      if (!isAbsent && !expected[i](reply)) throw new Error(`replied ${show(reply).slice(0, 200)} to ${act.kind}`);
      const token = chosen(act) ? (isAbsent ? undefined : String(reply)) : known;
      const lasts = this.#policy === 'always' ? 'for good' : 'for now';
      const outcome: Outcome = { sent, heard, token, isHeard: true, absent: isAbsent ? lasts : undefined };
      this.#learn(act, outcome);
      return outcome;
    });
    entry.heard = true;
    this.acknowledged++;
    if (this.#policy !== 'always') return;
    // Replies come in the order of the requests.
    this.#log.shift();
    entry.acts.forEach((act, i) => {
      this.#floor.apply(act, entry.outcomes[i]);
    });
  }

  #learn(act: Act, outcome: Outcome): void {
    this.#heard.apply(act, outcome);
    const session = this.#head.sessions.get(act.name);
    if (outcome.absent !== undefined) {
      this.#head.remove(act.name);
      if (this.#policy !== 'always') this.#limbo.add(act.name);
    } else if (session !== undefined && chosenByServer(act)) {
      session.token = outcome.token;
      if (session.shared && outcome.token !== undefined) this.#sharedTokens.set(act.name, outcome.token);
    }
  }

  /** Whether a reply says that there is no such session. @throws Error if it must be there, or must not. */
  #checkAbsence(act: Act, reply: Reply, sent: number, heard: number): boolean {
    if (act.kind === 'new' || act.kind === 'put' || act.kind === 'hset') return false;
    const session = this.#heard.sessions.get(act.name);
    if (session === undefined) return true;
    const absent =
      reply instanceof Failure
        ? reply.text.startsWith('NOSESSION ') || reply.text === 'ERR no such key'
        : reply === 0 && ['look', 'pexpire', 'end', 'endname', 'expire', 'drop'].includes(act.kind);
    const { from, to } = session.due;
    if (absent && heard < from - SLACK) throw new Error(`the session is gone ${Math.round(from - heard)} ms early`);
    if (!absent && sent > to + SLACK) throw new Error(`the session is there ${Math.round(sent - to)} ms late`);
    return absent;
  }

  #expect(act: Act, session: SessionState | undefined): Expected {
    const data = session?.data ?? new Map<string, string>();
    const one: Expected = (reply) => reply === 1;
    switch (act.kind) {
      case 'new': {
        const token = act.token ?? this.#sharedTokens.get(act.name);
        return (reply) => (token === undefined ? typeof reply === 'string' : reply === token);
      }
      case 'set':
      case 'put':
      case 'rename':
        return (reply) => reply instanceof Status;
      case 'hset': {
        const added = new Set(act.data.map(([key]) => key).filter((key) => !data.has(key))).size;
        return (reply) => reply === added;
      }
      case 'hdel':
      case 'del': {
        const removed = act.keys.filter((key) => data.has(key)).length;
        return (reply) => reply === removed;
      }
      case 'append': {
        const length = (data.get(act.key)?.length ?? 0) + act.value.length;
        return (reply) => reply === length;
      }
      case 'write': {
        const { length } = written(data.get(VALUE) ?? '', act.offset, act.value);
        return (reply) => reply === length;
      }
      case 'incrby': {
        const sum = Number(data.get('count') ?? 0) + act.by;
        return (reply) => reply === sum;
      }
      case 'clear': {
        const { size } = data;
        return (reply) => reply === size;
      }
      case 'get': {
        const value = data.get(act.key) ?? null;
        return (reply) => reply === value;
      }
      case 'rotate':
        return (reply) => typeof reply === 'string' && reply !== session?.token;
      case 'look':
      case 'pexpire':
      case 'end':
      case 'endname':
      case 'expire':
      case 'drop':
        return one;
    }
  }

  #choose(): Act | undefined {
    const random = this.#random;
    if (random.chance(0.2)) return this.#chooseForKey(this.#keyName());
    // Those whose token is on its way have to wait; plain keys have commands of their own.
    const known = [...this.#head.sessions].filter(
      ([name, { token }]) => token !== undefined && !name.startsWith('key-'),
    );
    if (known.length === 0 || random.chance(this.#head.sessions.size < SESSIONS ? 0.3 : 0.02)) return this.#chooseNew();
    const [name, session] = random.pick(known);
    if (session.duration < LONG) return this.#chooseFor(name, session, random.chance(0.05) ? ['end'] : ['look', 'get']);
    const acts: readonly Act['kind'][] = [
      'set',
      'set',
      'set',
      'append',
      'incrby',
      'incrby',
      'get',
      'get',
      'del',
      'look',
    ];
    if (!random.chance(0.15)) return this.#chooseFor(name, session, acts);
    return this.#chooseFor(name, session, ['end', 'endname', 'clear', 'rotate', 'rotate', 'pexpire', 'pexpire']);
  }

  #chooseNew(): Act {
    const random = this.#random;
    const shared = `shared-${this.number}-${random.between(1, SHARED)}`;
    const isShared = random.chance(0.2) && !this.#head.sessions.has(shared) && !this.#limbo.has(shared);
    return {
      kind: 'new',
      name: isShared ? shared : `own-${this.number}-${++this.#made}`,
      token: isShared ? undefined : random.token(),
      ttl: random.pick([3600, 86_400]),
      slides: random.chance(0.4),
      data: random.chance(0.7) ? [[this.#key(), this.#value()]] : [],
    };
  }

  #chooseFor(name: string, { data, shared }: SessionState, kinds: readonly Act['kind'][]): Act | undefined {
    const random = this.#random;
    const kind = random.pick(kinds);
    switch (kind) {
      case 'set':
        return { kind, name, data: Array.from({ length: random.between(1, 3) }, () => [this.#key(), this.#value()]) };
      case 'del':
        return { kind, name, keys: random.chance(0.5) ? ['a', 'b'] : [this.#key()] };
      case 'append': {
        const key = this.#key();
        // It must stay small.
        return (data.get(key)?.length ?? 0) > 10_000
          ? { kind: 'del', name, keys: [key] }
          : { kind, name, key, value: 'x\r\n' };
      }
      case 'incrby':
        return { kind, name, by: random.between(-5, 9) };
      case 'get':
        return { kind, name, key: this.#key() };
      case 'pexpire':
        return shared ? undefined : { kind, name, ms: random.chance(0.5) ? random.between(50, 3000) : 7_200_000 };
      case 'rotate':
        return shared ? undefined : { kind, name, grace: random.chance(0.4) ? GRACE : 0 };
      case 'clear':
      case 'look':
      case 'end':
      case 'endname':
        return { kind, name };
      default:
        return undefined;
    }
  }

  #chooseForKey(name: string): Act {
    const random = this.#random;
    const session = this.#head.sessions.get(name);
    const ttl = random.pick([3600, 86_400]);
    const put: Act = { kind: 'put', name, value: this.#value(), ttl };
    const isString = session?.data.has(VALUE) === true;
    if (isString ? random.chance(0.5) : random.chance(0.1)) return put;
    if (session === undefined || (!isString && random.chance(0.5))) {
      return {
        kind: 'hset',
        name,
        data: Array.from({ length: random.between(1, 3) }, () => [this.#key(), this.#value()]),
      };
    }
    if (!isString && random.chance(0.3))
      return { kind: 'hdel', name, keys: random.chance(0.5) ? ['a', 'b'] : ['c', 'd'] };
    const length = session?.data.get(VALUE)?.length ?? 0;
    // It must stay small.
    if (isString && length < 10_000 && random.chance(0.5)) {
      const offset = random.chance(0.5) ? undefined : random.between(0, length + 3);
      return { kind: 'write', name, offset, value: random.bytes(random.between(1, 9)) };
    }
    const to = this.#keyName();
    if (to !== name && random.chance(0.5)) return { kind: 'rename', name, to };
    return random.chance(0.5) ? { kind: 'drop', name } : { kind: 'expire', name, ttl };
  }

  #keyName(): string {
    return `key-${this.number}-${this.#random.between(1, KEYS)}`;
  }

  #key(): string {
    return this.#random.pick(['a', 'b', 'c', 'd', '\0\xff']);
  }

  #value(): string {
    const random = this.#random;
    if (random.chance(0.01)) return random.token().repeat(random.between(1000, 12_000));
    return random.bytes(random.between(0, 60));
  }
}
