import type { Clock } from '../../../engine/index.js';
import { CodedError } from '../../../errors.js';
import { HORIZON_MS, Reaped } from '../library/constants.js';
import type { Nodes } from '../nodes/nodes.js';
import { NodeClock } from './node-clock.js';
import { type Timer, type Timers, UNSCHEDULED } from './timers.js';

/**
 * A partition is read at least this often, in ms, so that each deadline is known more than a second before it is due.
 * Reading it more often would cost more, because each time everything within the horizon is read.
 */
const READ_MS = 3500;

/** The most sessions that one call reaps. This takes about half a millisecond, in which the node does nothing else. */
const BATCH = 32;

/** How many pages a partition keeps before it forgets the sessions that are due last. */
const MOST_PAGES = 4;

/** How long after a failed call the partition is read again, in ms: at first, and at most. It doubles each time. */
const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 1000;

/** If a node's clock turns out to be off by more than this many ms, the scheduled timers move. */
const TOLERANCE_MS = 2;

/** What the partitions of an owner have in common. */
export interface OwnerParts {
  readonly nodes: Nodes;
  /** About how many events each partition keeps. Reading a due set also discards older ones. */
  readonly events: number;
  readonly clock: Clock;
  readonly timers: Timers;
  /** The most sessions that are read at a time. */
  readonly page: number;
  /** Arranges that `reapDue` is called after all timers that are due now. */
  onDue(partition: OwnedPartition): void;
  /**
   * Called for each session that this process has expired, or whose data or keys.
   * @param late In ms.
   * @param isIndexed Whether its entry in the index of its name is still to be removed.
   */
  onExpired(late: number, partition: number, isIndexed: boolean): void;
  /** Called for an error that is a bug. */
  onFault(fault: unknown): void;
}

/** A session that is due soon. It is scheduled, waits to be reaped, or is being reaped. */
class Due implements Timer {
  /** The bytes of the member, one character each. */
  readonly member: string;
  /** When it is due, in the node's unix ms. */
  at: number;
  /** Another deadline that became known while it was being reaped: the session had ended and was created again. */
  next: number | undefined = undefined;
  wheelTimer = UNSCHEDULED;
  readonly #onDue: (due: Due) => void;

  /** @param onDue One function for all sessions of a partition: there are many. */
  constructor(member: string, at: number, onDue: (due: Due) => void) {
    this.member = member;
    this.at = at;
    this.#onDue = onDue;
  }

  onDue(): void {
    this.#onDue(this);
  }
}

/**
 * Expires the sessions of one partition on time. It knows those that are due within the horizon, because it reads the
 * partition's due set regularly and receives announcements of nearer deadlines. It remembers at most a few pages of
 * them, those that are due first, and reads the others when these have been reaped.
 *
 * What is known may be wrong: a session may have been extended or ended, or another process may have expired it. The
 * store itself decides, whenever it is asked to reap a session. So an error here makes an expiry late, but never wrong.
 */
export class OwnedPartition {
  readonly number: number;
  readonly #parts: OwnerParts;
  readonly #nodeClock = new NodeClock();
  /** How far ahead the node's time was when sessions were scheduled most recently. */
  #ahead = 0;
  readonly #known = new Map<string, Due>();
  /** The sessions that are due and not yet being reaped. */
  #due: Due[] = [];
  /** Each session that is due by this time is known. In the node's unix ms. */
  #knownUntil = -Infinity;
  /** Whether there may be sessions within the horizon that are not known. */
  #hasMore = false;
  #reading = false;
  #readAgain = false;
  #reaping = false;
  #released = false;
  #retry = FIRST_RETRY_MS;
  readonly #nextRead: Timer = { wheelTimer: UNSCHEDULED, onDue: () => this.read() };
  readonly #readEvery: number;

  constructor(number: number, parts: OwnerParts) {
    this.number = number;
    this.#parts = parts;
    // Partitions are read at slightly different intervals, so that they are not all read at the same time.
    this.#readEvery = READ_MS * (0.75 + 0.25 * ((number * 0.618) % 1));
    this.#scheduleRead(this.#readEvery);
  }

  /** How many sessions it knows. */
  get size(): number {
    return this.#known.size;
  }

  /** Reads what is due within the horizon. Also call this when announcements may have been missed. */
  read(): void {
    if (this.#reading) this.#readAgain = true;
    else void this.#readPages();
  }

  /** @param message `<unix ms> <origin><name>`. */
  announced(message: Buffer): void {
    const space = message.indexOf(0x20);
    const at = Number(message.toString('latin1', 0, space));
    this.#add(message.toString('latin1', space + 1), at);
  }

  /** Reaps what has become due, unless it is reaping already: it then continues by itself. */
  reapDue(): void {
    if (!this.#reaping && this.#due.length > 0 && !this.#released) void this.#reap(this.#due.splice(0, BATCH));
  }

  /** Forgets everything: the partition belongs to another process now. */
  release(): void {
    this.#released = true;
    this.#parts.timers.cancel(this.#nextRead);
    this.#forget();
  }

  async #readPages(): Promise<void> {
    const { page, events } = this.#parts;
    this.#reading = true;
    try {
      do {
        this.#readAgain = false;
        // In each round, because a timer that comes due during a read only causes another round.
        this.#scheduleRead(this.#readEvery);
        const [now, ...due] = (await this.#call('due', [HORIZON_MS, page, events])) as [number, ...(Buffer | number)[]];
        if (this.#released) return;
        for (let i = 0; i < due.length; i += 2) this.#add((due[i] as Buffer).toString('latin1'), Number(due[i + 1]));
        this.#hasMore = due.length === 2 * page;
        this.#knownUntil = this.#hasMore ? Number(due[due.length - 1]) : now + HORIZON_MS;
        this.#retry = FIRST_RETRY_MS;
      } while (this.#readAgain);
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#reading = false;
    }
  }

  async #reap(batch: readonly Due[]): Promise<void> {
    this.#reaping = true;
    try {
      const members = batch.map(({ member }) => Buffer.from(member, 'latin1'));
      const [now, ...left] = (await this.#call('reap', members)) as [number, ...number[]];
      if (this.#released) return;
      batch.forEach((due, i) => {
        this.#reaped(due, now, left[i]);
      });
      this.#retry = FIRST_RETRY_MS;
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#reaping = false;
    }
    this.reapDue();
    if (this.#hasMore && this.#known.size <= this.#parts.page / 2) this.read();
  }

  /**
   * @param left Milliseconds until the session is due after all, or one of `Reaped`.
   */
  #reaped(due: Due, now: number, left: number): void {
    // It is missing if a call has failed meanwhile: then everything was forgotten and is read again.
    if (this.#known.get(due.member) !== due) return;
    this.#known.delete(due.member);
    if (left === Reaped.EXPIRED || left === Reaped.INDEXED) {
      this.#parts.onExpired(Math.max(0, now - due.at), this.number, left === Reaped.INDEXED);
    } else if (left >= 0) this.#add(due.member, now + left);
    if (due.next !== undefined) this.#add(due.member, due.next);
  }

  /** Schedules a session, unless the due set will be read again before it is due. */
  #add(member: string, at: number): void {
    // While the partition is being read, the deadline may have been set after the store looked.
    if (at > this.#knownUntil && !this.#reading) return;
    const known = this.#known.get(member);
    if (known === undefined) {
      const due = new Due(member, at, this.#onDue);
      this.#known.set(member, due);
      this.#schedule(due);
      if (this.#known.size > MOST_PAGES * this.#parts.page) this.#forgetLast();
    } else if (known.at !== at) {
      if (known.wheelTimer === UNSCHEDULED) {
        known.next = at;
      } else {
        known.at = at;
        this.#schedule(known);
      }
    }
  }

  readonly #onDue = (due: Due): void => {
    this.#due.push(due);
    this.#parts.onDue(this);
  };

  /** Forgets all but a page of the sessions that are scheduled. */
  #forgetLast(): void {
    const { page, timers } = this.#parts;
    const scheduled = [...this.#known.values()].filter(({ wheelTimer }) => wheelTimer !== UNSCHEDULED);
    scheduled.sort((a, b) => a.at - b.at);
    for (const due of scheduled.slice(page)) {
      timers.cancel(due);
      this.#known.delete(due.member);
    }
    this.#knownUntil = Math.min(this.#knownUntil, scheduled[Math.min(page, scheduled.length) - 1]?.at ?? -Infinity);
    this.#hasMore = true;
    this.#readAgain = true;
  }

  #forget(): void {
    for (const due of this.#known.values()) this.#parts.timers.cancel(due);
    this.#known.clear();
    this.#due = [];
    this.#knownUntil = -Infinity;
    this.#hasMore = false;
  }

  /** Handles a failed call. It may have run or not, so everything is forgotten, and what is left is read again. */
  #fail(error: unknown): void {
    if (!(error instanceof CodedError)) this.#parts.onFault(error);
    if (this.#released) return;
    this.#forget();
    this.#scheduleRead(this.#retry);
    this.#retry = Math.min(2 * this.#retry, LAST_RETRY_MS);
  }

  /** Calls a function whose reply begins with the node's time. */
  async #call(fn: string, args: readonly (Buffer | number)[]): Promise<unknown> {
    const { clock, nodes } = this.#parts;
    const sent = clock.now();
    const reply = (await nodes.call(this.number, fn, args)) as readonly [number];
    if (!this.#released) this.#learn(sent, clock.now(), reply[0]);
    return reply;
  }

  #learn(sent: number, received: number, now: number): void {
    this.#nodeClock.learn(sent, received, now);
    if (Math.abs(this.#nodeClock.ahead - this.#ahead) <= TOLERANCE_MS) return;
    this.#ahead = this.#nodeClock.ahead;
    for (const due of this.#known.values()) if (due.wheelTimer !== UNSCHEDULED) this.#schedule(due);
  }

  #schedule(due: Due): void {
    this.#parts.timers.schedule(due, due.at - this.#ahead);
  }

  #scheduleRead(delay: number): void {
    this.#parts.timers.schedule(this.#nextRead, this.#parts.clock.now() + delay);
  }
}
