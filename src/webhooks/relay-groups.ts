import type { Clock } from '../engine/index.js';
import { CodedError } from '../errors.js';
import type { RemoteStream, StreamReply } from '../store/remote-store.js';
import { STREAM_KEY } from '../stream-key.js';
import type { EventContent, EventGroup, EventGroups, GroupedEvent } from './event-group.js';

const PREFIX = 'webhook:';
/**
 * The consumer of each group, whichever process it is: only one at a time delivers, and the next one goes on with what
 * is pending.
 */
const CONSUMER = 'respite';
/** How long after waiting for events has failed it is tried again, in ms. */
const WAIT_AGAIN_MS = 1000;

/**
 * The consumer groups of webhooks in the stream of a store. They are never removed: another process may have another
 * configuration for a while.
 */
export class RelayGroups implements EventGroups {
  readonly #stream: RemoteStream;
  readonly #clock: Clock;

  constructor(stream: RemoteStream, clock: Clock) {
    this.#stream = stream;
    this.#clock = clock;
  }

  async keep(webhooks: readonly string[]): Promise<void> {
    await Promise.all(webhooks.map((webhook) => create(this.#stream, PREFIX + webhook)));
  }

  open(webhook: string): EventGroup {
    return new RelayGroup(this.#stream, PREFIX + webhook);
  }

  onAppend(callback: () => void): () => void {
    const stopped = new AbortController();
    void this.#wait(callback, stopped.signal);
    return () => stopped.abort();
  }

  async #wait(callback: () => void, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const last = lastIdIn(await this.#stream.run(['XINFO', 'STREAM', STREAM_KEY], true));
        // What came until now is read after this call, and what comes from now on ends the wait.
        callback();
        await this.#stream.read(['XREAD', 'COUNT', '1', 'STREAMS', STREAM_KEY, last], Infinity, signal);
      } catch {
        // The store does not answer, or has no stream yet.
        await new Promise<void>((resolve) => this.#clock.after(WAIT_AGAIN_MS, resolve));
        callback();
      }
    }
  }
}

class RelayGroup implements EventGroup {
  readonly #stream: RemoteStream;
  readonly #name: string;
  unread = 0;
  /** The store does not count them. */
  readonly lost = 0;

  constructor(stream: RemoteStream, name: string) {
    this.#stream = stream;
    this.#name = name;
  }

  async take(count: number): Promise<GroupedEvent[]> {
    try {
      const entries = await this.#read('>', count);
      this.unread = entries.length < count ? 0 : await this.#askLag();
      return entries.flatMap(contentIn);
    } catch (error) {
      if (!(error instanceof CodedError) || error.code !== 'NOGROUP') throw error;
      // A client has destroyed it. Then it begins again.
      await create(this.#stream, this.#name);
      return [];
    }
  }

  async pending(after: string | undefined, count: number): Promise<GroupedEvent[]> {
    for (;;) {
      const entries = await this.#read(after ?? '0-0', count);
      const events = entries.flatMap(contentIn);
      if (events.length > 0 || entries.length === 0) return events;
      // Retention has removed all of these, but they are pending still.
      await this.acknowledge(entries.map(idIn));
    }
  }

  async contents(entries: readonly string[]): Promise<(EventContent | undefined)[]> {
    const replies = await Promise.all(
      entries.map((entry) => this.#stream.run(['XRANGE', STREAM_KEY, entry, entry], true)),
    );
    return replies.map((reply) => listIn(reply).flatMap(contentIn)[0]);
  }

  async acknowledge(entries: readonly string[]): Promise<void> {
    await this.#stream.run(['XACK', STREAM_KEY, this.#name, ...entries], false);
  }

  /** Returns entries, each an id and its fields. */
  async #read(from: string, count: number): Promise<readonly StreamReply[]> {
    const group = ['XREADGROUP', 'GROUP', this.#name, CONSUMER, 'COUNT', String(count)];
    const [stream] = listIn(await this.#stream.run([...group, 'STREAMS', STREAM_KEY, from], false));
    return stream === undefined ? [] : listIn(listIn(stream)[1]);
  }

  async #askLag(): Promise<number> {
    const groups = listIn(await this.#stream.run(['XINFO', 'GROUPS', STREAM_KEY], true)).map(pairsIn);
    const mine = groups.find((group) => String(group.get('name')) === this.#name);
    return Number(mine?.get('lag') ?? 0);
  }
}

async function create(stream: RemoteStream, group: string): Promise<void> {
  try {
    await stream.run(['XGROUP', 'CREATE', STREAM_KEY, group, '$', 'MKSTREAM'], false);
  } catch (error) {
    if (!(error instanceof CodedError) || error.code !== 'BUSYGROUP') throw error;
  }
}

/** Returns the event in an entry; none if the entry is no longer in the stream. */
function contentIn(entry: StreamReply): EventContent[] {
  const fields = pairsIn(listIn(entry)[1]);
  const name = fields.get('name');
  if (!(name instanceof Buffer)) return [];
  const data = fields.get('data');
  const content = {
    entry: idIn(entry),
    event: String(fields.get('event')),
    name: name.toString('latin1'),
    session: String(fields.get('id')),
    at: Number(fields.get('at')),
    created: Number(fields.get('created')),
    data: data instanceof Buffer ? data : undefined,
  };
  return [{ ...content, bytes: content.data?.length ?? 0 }];
}

function idIn(entry: StreamReply): string {
  return String(listIn(entry)[0]);
}

function lastIdIn(info: StreamReply): string {
  return String(pairsIn(info).get('last-generated-id'));
}

function listIn(reply: StreamReply): readonly StreamReply[] {
  return Array.isArray(reply) ? reply : [];
}

/** Reads a map, which in RESP2 is a list of alternating names and values. */
function pairsIn(reply: StreamReply): Map<string, StreamReply> {
  const list = listIn(reply);
  const pairs = new Map<string, StreamReply>();
  for (let i = 0; i + 1 < list.length; i += 2) pairs.set(String(list[i]), list[i + 1]);
  return pairs;
}
