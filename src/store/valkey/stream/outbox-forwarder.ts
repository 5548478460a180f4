import type { Clock } from '../../../engine/index.js';
import { CodedError } from '../../../errors.js';
import type { StreamSource } from '../../remote-store.js';
import type { OriginIds } from '../addressing/origin-ids.js';
import { type OutboxEvent, readEvent } from '../events/outbox-entry.js';
import type { Argument, Nodes } from '../nodes/nodes.js';

/** The partition that has the stream. */
export const STREAM_PARTITION = 0;

/** How many entries of an outbox are read at a time. */
const PAGE = 128;

/** About how many bytes one call forwards. */
const MAX_BYTES = 1024 * 1024;

/**
 * How many ids of forwarded entries are remembered for each partition: this many times those that its outbox keeps. They
 * are needed if it has to be read from its beginning after a failover.
 */
const REMEMBERED_TIMES = 2;

/** For how long after it was last read an outbox keeps entries that have not been forwarded, in ms. */
const LEASE_MS = 60_000;

/** How long after a failed call the outbox is read again, in ms: at first, and at most. It doubles each time. */
const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 1000;

export interface ForwarderParts {
  readonly nodes: Nodes;
  readonly clock: Clock;
  readonly ids: OriginIds;
  readonly source: StreamSource;
  /** About how many forwarded events each outbox keeps. */
  readonly events: number;
  readonly counts: ForwardingCounts;
  /** Called for an error that is a bug. */
  readonly onFault: (fault: unknown) => void;
}

/** Counts since the start of this process. */
export interface ForwardingCounts {
  /** Events that it has appended to the stream. */
  forwarded: number;
  /** Calls that have failed. They are repeated. */
  failures: number;
}

/** How far an outbox has been forwarded, as the node with the stream knows it. `functions/README.md` explains it. */
interface Position {
  readonly id: Buffer;
  readonly history: Buffer;
  /** The history of the node with the stream. */
  readonly stream: Buffer;
}

/** A part of the outbox. */
interface Page {
  /** What the node calls the time in which the ids of the entries only grow. */
  readonly history: Buffer;
  /** The entries that follow this id. */
  readonly from: Buffer;
  readonly entries: readonly Entry[];
}

interface Entry {
  readonly id: Buffer;
  readonly payload: Buffer;
}

/**
 * Appends the events of one partition's outbox to the stream.
 *
 * The node with the stream remembers up to where it has each outbox, and changes both in one call. So nothing is lost
 * or doubled if this process is killed, a reply is lost, or two processes forward the same outbox for a moment: each
 * begins where the node says, and the node skips what it has. Only after a failover, entries may be appended twice.
 */
export class OutboxForwarder {
  readonly #partition: number;
  readonly #parts: ForwarderParts;
  /** Undefined if the node with the stream has to be asked. */
  #position: Position | undefined;
  #running = false;
  #again = false;
  #closed = false;
  #retry = FIRST_RETRY_MS;
  #cancelRetry = () => {};
  /** Since when there may be events that are not in the stream, in ms on the clock. */
  #behindSince: number | undefined;

  constructor(partition: number, parts: ForwarderParts) {
    this.#partition = partition;
    this.#parts = parts;
  }

  /** Since when this process has known of events that are not in the stream yet, in ms on the clock. */
  get behindSince(): number | undefined {
    return this.#behindSince;
  }

  /** Forwards what the outbox has. Call this when it may have more. Never throws. */
  forward(): void {
    if (this.#closed) return;
    this.#behindSince ??= this.#parts.clock.now();
    if (this.#running) this.#again = true;
    else void this.#run();
  }

  /**
   * Like `forward`, for an outbox that seems to have nothing new: its last entries may be missing from the stream, if
   * the node with the stream has failed over.
   */
  check(): void {
    if (!this.#running) this.#position = undefined;
    this.forward();
  }

  /** Stops for good. A call that is under way ends by itself. */
  close(): void {
    this.#closed = true;
    this.#cancelRetry();
  }

  async #run(): Promise<void> {
    this.#running = true;
    this.#cancelRetry();
    try {
      do {
        this.#again = false;
        if (await this.#forwardPage()) this.#again = true;
      } while (this.#again && !this.#closed);
      this.#behindSince = undefined;
      this.#retry = FIRST_RETRY_MS;
    } catch (error) {
      this.#parts.counts.failures++;
      if (!(error instanceof CodedError)) this.#parts.onFault(error);
      // The call may have run.
      this.#position = undefined;
      if (!this.#closed) this.#cancelRetry = this.#parts.clock.after(this.#retry, () => this.forward());
      this.#retry = Math.min(2 * this.#retry, LAST_RETRY_MS);
    } finally {
      this.#running = false;
    }
  }

  /** Returns whether there may be more. */
  async #forwardPage(): Promise<boolean> {
    this.#position ??= positionOf(await this.#parts.nodes.call(STREAM_PARTITION, 'position', [this.#partition]));
    const page = await this.#read(this.#position);
    const { history, stream } = this.#position;
    const remembered = REMEMBERED_TIMES * this.#parts.events;
    let { from } = page;
    for (const entries of inParts(page.entries)) {
      if (this.#closed) return false;
      const last = entries[entries.length - 1].id;
      const args = [this.#partition, page.history, from, last, history, stream, remembered, ...this.#encode(entries)];
      const reply = await this.#parts.nodes.call(STREAM_PARTITION, 'forward', args);
      this.#position = positionOf(reply);
      const [, , , appended] = reply as readonly [Buffer, Buffer, Buffer, number?];
      // The node has another position than this process knew, for example after a failover.
      if (appended === undefined) return true;
      this.#parts.counts.forwarded += appended;
      from = last;
    }
    return page.entries.length > 0;
  }

  async #read({ id, history, stream }: Position): Promise<Page> {
    const { nodes, events, source } = this.#parts;
    const most = source.retention.maxLength;
    const reply = await nodes.call(this.#partition, 'unforwarded', [id, history, stream, PAGE, LEASE_MS, most, events]);
    const [here, from, ...rest] = reply as readonly Buffer[];
    const entries: Entry[] = [];
    for (let i = 0; i < rest.length; i += 2) entries.push({ id: rest[i], payload: rest[i + 1] });
    return { history: here, from, entries };
  }

  /** Returns the arguments of `forward` for those entries that the stream keeps. */
  #encode(entries: readonly Entry[]): Argument[] {
    const { source, ids, onFault } = this.#parts;
    const kept = entries.flatMap(({ id, payload }) => {
      try {
        const event = readEvent(payload);
        return source.keeps(event.event, event.name) ? [{ id, event }] : [];
      } catch (fault) {
        // An entry that cannot be read must not keep back those after it.
        onFault(fault);
        return [];
      }
    });
    const publicIds = ids.ofAll(kept.map(({ event }) => event.origin));
    return kept.flatMap(({ id, event }, i) => [id, ...this.#fieldsOf(event, publicIds[i])]);
  }

  #fieldsOf(event: OutboxEvent, id: string): Argument[] {
    // The next call of `data` overwrites what it returns.
    const data = Buffer.from(this.#parts.source.data(event) ?? '');
    return [event.event, event.name, id, Buffer.from(event.token, 'latin1'), event.at, event.created, data];
  }
}

function positionOf(reply: unknown): Position {
  const [id, history, stream] = reply as readonly [Buffer, Buffer, Buffer];
  return { id, history, stream };
}

/** Splits entries into parts of about `MAX_BYTES`. None is empty. */
function* inParts(entries: readonly Entry[]): Generator<readonly Entry[]> {
  let start = 0;
  let bytes = 0;
  for (let end = 1; end <= entries.length; end++) {
    bytes += entries[end - 1].payload.length;
    if (bytes < MAX_BYTES && end < entries.length) continue;
    yield entries.slice(start, end);
    start = end;
    bytes = 0;
  }
}
