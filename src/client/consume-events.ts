import { checkFunction, checkText, checkWhole } from '../argument-checks.js';
import { checkConnection, type RedisConnection, request } from './connection.js';
import { RequestError } from './request-error.js';
import { type StoredEvent, storedEventsIn } from './stored-event.js';

const KEY = '__session__';
/** All processes of a group are one consumer to the server: what one leaves behind, any other takes over. */
const CONSUMER = 'respite/client';
/** How many events are fetched at a time. */
const COUNT = '10';
/** For how many ms a request waits for events. `stop` takes as long at most. */
const BLOCK = '1000';
/** How long to wait after the server could not be asked, in ms. */
const PAUSE = 1000;
const DAY = 86_400_000;

/** All options are optional. */
export interface ConsumeOptions {
  /** Where a group that does not exist yet begins: with what happens from now on (default), or with what is kept. */
  readonly from?: 'now' | 'start';
  /**
   * After how many ms an event is passed to a listener again whose listener failed, or whose process ended. Listeners
   * must take less for ten events. Default 60,000.
   */
  readonly retryAfter?: number;
  /**
   * Called with any error that the listener throws, or that its promise rejects with, and the event, which is passed
   * again later; and with errors of the connection, without an event. By default an error of the listener becomes an
   * unhandled rejection, which ends the process unless the application handles it, and errors of the connection are
   * ignored: the connection is used again a second later.
   */
  readonly onError?: (error: unknown, event?: StoredEvent) => void;
}

/**
 * Passes each event of the server's event stream to a listener at least once, even those that happened while no process
 * was there. Processes with the same group share its events. Resolves, once the group exists, with a function that stops
 * after the event at hand.
 *
 *     await consumeEvents(redis.duplicate(), 'mailer', async ({ event, name, data }) => send(event, name, data));
 *
 * Events are passed one after the other, in their order, and one is acknowledged when the listener's promise resolves.
 * An event may be passed twice, for example if a process ends before it is acknowledged: its `entryId` is then the same.
 *
 * @param connection A connection of its own, because a request waits on it until there are events.
 * @throws RequestError if the server has no event stream or refuses it, TypeError or RangeError if an argument is
 *   invalid.
 */
export async function consumeEvents(
  connection: RedisConnection,
  group: string,
  listener: (event: StoredEvent) => unknown,
  options: ConsumeOptions = {},
): Promise<() => Promise<void>> {
  const { from = 'now', retryAfter = 60_000, onError } = options;
  checkConnection(connection);
  checkText('group', group);
  checkFunction('listener', listener);
  if (from !== 'now' && from !== 'start') throw new TypeError('from must be now or start');
  checkWhole('retryAfter', retryAfter, 1, DAY);
  if (onError !== undefined) checkFunction('onError', onError);
  const consumer = new EventConsumer(connection, group, listener, retryAfter, onError);
  await consumer.createGroup(from === 'now' ? '$' : '0');
  const running = consumer.run();
  return async () => {
    consumer.stop();
    await running;
  };
}

class EventConsumer {
  readonly #connection: RedisConnection;
  readonly #group: string;
  readonly #listener: (event: StoredEvent) => unknown;
  readonly #retryAfter: number;
  readonly #onError: ConsumeOptions['onError'];
  readonly #stopping = new AbortController();
  /** The latest entry that was fetched as new. */
  #last: string | undefined;
  /** When to look for events that were not acknowledged, in ms. */
  #retryAt = 0;

  constructor(
    connection: RedisConnection,
    group: string,
    listener: (event: StoredEvent) => unknown,
    retryAfter: number,
    onError: ConsumeOptions['onError'],
  ) {
    this.#connection = connection;
    this.#group = group;
    this.#listener = listener;
    this.#retryAfter = retryAfter;
    this.#onError = onError;
  }

  stop(): void {
    this.#stopping.abort();
  }

  async createGroup(id: string): Promise<void> {
    try {
      await request(this.#connection, 'XGROUP', 'CREATE', KEY, this.#group, id);
    } catch (error) {
      if (!hasCode(error, 'BUSYGROUP')) throw error;
    }
  }

  async run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        if (performance.now() >= this.#retryAt) await this.#retry();
        await this.#passAll(await this.#fetch());
      } catch (error) {
        if (signal.aborted) return;
        await this.#recover(error);
      }
    }
  }

  /** Passes on what was not acknowledged in time. */
  async #retry(): Promise<void> {
    const idle = String(this.#retryAfter);
    for (let next = '0-0'; !this.#stopping.signal.aborted; ) {
      const words = [KEY, this.#group, CONSUMER, idle, next, 'COUNT', COUNT] as const;
      const reply = (await request(this.#connection, 'XAUTOCLAIM', ...words)) as [unknown, unknown];
      await this.#passAll(storedEventsIn(reply[1]));
      next = String(reply[0]);
      if (next === '0-0') break;
    }
    // Half of the time later, so that an event waits half as long again at most.
    this.#retryAt = performance.now() + this.#retryAfter / 2;
  }

  /** Fetches new events; none if there are none for a while. */
  async #fetch(): Promise<readonly StoredEvent[]> {
    const wait = String(Math.min(Number(BLOCK), Math.ceil(this.#retryAfter / 2)));
    const words = ['GROUP', this.#group, CONSUMER, 'COUNT', COUNT, 'BLOCK', wait, 'STREAMS', KEY, '>'] as const;
    const reply = await request(this.#connection, 'XREADGROUP', ...words);
    if (reply === null) return [];
    const events = storedEventsIn(entriesIn(reply));
    this.#last = events.at(-1)?.entryId ?? this.#last;
    return events;
  }

  async #passAll(events: readonly StoredEvent[]): Promise<void> {
    for (const event of events) {
      // What is left is passed to whoever asks next.
      if (this.#stopping.signal.aborted) return;
      if (await this.#pass(event)) await request(this.#connection, 'XACK', KEY, this.#group, event.entryId);
    }
  }

  /** Passes an event to the listener. Returns whether it has handled it. */
  async #pass(event: StoredEvent): Promise<boolean> {
    try {
      await this.#listener(event);
      return true;
    } catch (error) {
      if (this.#onError === undefined) void Promise.reject(error);
      else this.#onError(error, event);
      return false;
    }
  }

  /** Goes on after an error of a request, at once or after a pause. */
  async #recover(error: unknown): Promise<void> {
    this.#onError?.(error);
    try {
      if (!hasCode(error, 'NOGROUP')) throw error;
      // A server without a journal has started again. Ids never go back, so nothing is passed twice.
      await this.createGroup(this.#last ?? '0');
    } catch {
      await pause(this.#stopping.signal);
    }
  }
}

/** Waits for a while, or until the signal. */
function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, PAUSE);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof RequestError && error.code === code;
}

/** Returns the entries of the one stream in a reply, which is a map in RESP3, and an array of pairs in RESP2. */
function entriesIn(reply: unknown): unknown {
  if (Array.isArray(reply)) return Array.isArray(reply[0]) ? reply[0][1] : reply[1];
  return reply instanceof Map ? reply.get(KEY) : (reply as Record<string, unknown>)[KEY];
}
