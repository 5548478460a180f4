import { Connection, scanSessions } from '../tools/connection.js';
import type { Random } from '../tools/random.js';
import { isError, type Reply, show } from '../tools/replies.js';
import type { Policy } from './client.js';

const STREAM = '__session__';
const GROUP = 'readers';
/** How many entries are read at a time. */
const PAGE = 500;
/** The events that end a session. */
const ENDS = ['expired', 'ended', 'limit', 'maxage', 'evicted', 'replaced'];
/** Sessions whose names are never used again: `own-<client>-<number>`. */
const UNIQUE = /^own-/;

interface Entry {
  readonly id: string;
  readonly event: string;
  readonly name: string;
}

/**
 * A consumer group of the event stream. It reads and acknowledges entries until the server is killed. After each kill
 * it checks that each session has one entry for its end if it has ended and none otherwise, that the group gets each
 * entry at least once and none again that it has acknowledged, and that ids do not go back.
 */
export class EventReader {
  readonly #random: Random;
  /** The ids of all entries that the group was given. */
  readonly #delivered = new Set<string>();
  /** The ids of entries whose acknowledgment must not be lost. */
  readonly #acknowledged = new Set<string>();
  /** The latest id that must not be lost. */
  #last = '0-0';

  constructor(random: Random) {
    this.#random = random;
  }

  /** Reads until the server is killed. @throws Error for a wrong reply. */
  async load(port: number, policy: Policy): Promise<void> {
    const connection = await Connection.open({ port }).catch(() => undefined);
    while (connection?.closed === false) {
      const count = this.#random.between(1, 20);
      const reply = await connection.ask(...read(count), 'BLOCK', '20', 'STREAMS', STREAM, '>');
      if (reply === undefined) return;
      const ids = entriesIn(reply).map(({ id }) => id);
      this.#note(ids, policy);
      const some = ids.filter(() => this.#random.chance(0.8));
      if (some.length === 0) continue;
      const acknowledged = await connection.ask('XACK', STREAM, GROUP, ...some);
      if (acknowledged === undefined) return;
      if (acknowledged !== some.length) {
        throw new Error(`XACK of ${some.length} entries replied ${show(acknowledged)}`);
      }
      if (policy === 'always') for (const id of some) this.#acknowledged.add(id);
    }
  }

  /** Checks the stream after a start. Returns how many entries there are. @throws Error for what must not be. */
  async check(connection: Connection, policy: Policy): Promise<number> {
    const made = await connection.ask('XGROUP', 'CREATE', STREAM, GROUP, '0', 'MKSTREAM');
    if (this.#delivered.size > 0 && (made === undefined || !isError(made, 'BUSYGROUP'))) {
      throw new Error('the consumer group is gone');
    }
    const before = new Set((await scanSessions(connection, 1000)).values());
    const entries = await this.#entries(connection);
    const after = new Set((await scanSessions(connection, 1000)).values());
    this.#checkEnds(entries, before, after);
    const last = entries.at(-1)?.id ?? '0-0';
    if (isBefore(last, this.#last)) throw new Error(`the last entry was ${this.#last} and is ${last} now`);
    await this.#drain(connection, policy);
    const missing = entries.find(({ id }) => !this.#delivered.has(id));
    if (missing !== undefined) throw new Error(`the entry ${missing.id} was not delivered`);
    return entries.length;
  }

  /** @param before The names of the sessions before the entries were read, `after` those after that. */
  #checkEnds(entries: readonly Entry[], before: ReadonlySet<string>, after: ReadonlySet<string>): void {
    const ends = new Map<string, number>();
    let last = '0-0';
    for (const { id, event, name } of entries) {
      if (!isBefore(last, id)) throw new Error(`the entry ${id} follows ${last}`);
      last = id;
      if (!UNIQUE.test(name)) continue;
      if (event === 'new') ends.set(name, 0);
      else if (ENDS.includes(event)) ends.set(name, (ends.get(name) ?? 0) + 1);
    }
    for (const [name, count] of ends) {
      const most = after.has(name) ? 0 : 1;
      const least = before.has(name) ? 0 : 1;
      if (count < least || count > most) throw new Error(`${name} has ${count} entries for its end`);
    }
  }

  /** Reads everything that is pending, and everything new. */
  async #drain(connection: Connection, policy: Policy): Promise<void> {
    for (let from = '0'; ; ) {
      const pending = entriesIn(await connection.ask(...read(PAGE), 'STREAMS', STREAM, from));
      const again = pending.find(({ id }) => this.#acknowledged.has(id));
      if (again !== undefined) throw new Error(`the entry ${again.id} is pending, although it was acknowledged`);
      this.#note(
        pending.map(({ id }) => id),
        policy,
      );
      const last = pending.at(-1);
      if (last === undefined) break;
      from = last.id;
    }
    for (;;) {
      const fresh = entriesIn(await connection.ask(...read(PAGE), 'STREAMS', STREAM, '>'));
      const again = fresh.find(({ id }) => this.#acknowledged.has(id));
      if (again !== undefined)
        throw new Error(`the entry ${again.id} is delivered again, although it was acknowledged`);
      if (fresh.length === 0) return;
      this.#note(
        fresh.map(({ id }) => id),
        policy,
      );
    }
  }

  #note(ids: readonly string[], policy: Policy): void {
    for (const id of ids) this.#delivered.add(id);
    const last = ids.at(-1);
    if (policy === 'always' && last !== undefined && isBefore(this.#last, last)) this.#last = last;
  }

  async #entries(connection: Connection): Promise<Entry[]> {
    const entries: Entry[] = [];
    for (let from = '-'; ; ) {
      const page = await connection.ask('XRANGE', STREAM, from, '+', 'COUNT', String(PAGE));
      const some = entriesOf(page as Reply);
      if (some.length === 0) return entries;
      entries.push(...some);
      from = `(${some[some.length - 1].id}`;
    }
  }
}

const read = (count: number) => ['XREADGROUP', 'GROUP', GROUP, 'reader', 'COUNT', String(count)];

/** Returns the entries in a reply of XREADGROUP. */
function entriesIn(reply: Reply | undefined): Entry[] {
  if (reply === null || reply === undefined) return [];
  if (!Array.isArray(reply) || !Array.isArray(reply[0])) throw new Error(`XREADGROUP replied ${show(reply)}`);
  return entriesOf(reply[0][1]);
}

function entriesOf(reply: Reply): Entry[] {
  if (!Array.isArray(reply)) throw new Error(`a list of entries is ${show(reply)}`);
  return reply.map((entry) => {
    if (!Array.isArray(entry)) throw new Error(`an entry is ${show(entry)}`);
    const [id, fields] = entry;
    // An entry that is no longer in the stream has no fields.
    const [, event, , name] = Array.isArray(fields) ? fields : [];
    return { id: String(id), event: String(event), name: String(name) };
  });
}

function isBefore(one: string, other: string): boolean {
  const [ms, n] = one.split('-').map(Number);
  const [otherMs, otherN] = other.split('-').map(Number);
  return ms < otherMs || (ms === otherMs && n < otherN);
}
