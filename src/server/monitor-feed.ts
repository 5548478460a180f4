import type { Clock } from '../engine/index.js';
import type { Client } from '../execution/context/client.js';
import type { Monitors } from '../execution/context/monitors.js';
import type { Request } from '../resp/request.js';

/** An argument is shown up to this many bytes: nobody uses MONITOR to read values. */
const SHOWN_BYTES = 1024;
/**
 * Arguments are shown until the line has this many characters. Any client may send a request with a million arguments.
 */
const LINE_LENGTH = 64 * 1024;
const ESCAPES: Record<string, string> = {
  '\\': '\\\\',
  '"': '\\"',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\x07': '\\a',
  '\b': '\\b',
};

/** A client that is sent every command. */
export interface MonitoringClient extends Client {
  line(text: string): void;
}

/**
 * Sends every command to the clients that asked for MONITOR, in Redis' form: time, database, client, and the words in
 * quotes.
 */
export class MonitorFeed implements Monitors {
  readonly #clock: Clock;
  readonly #onFault: (fault: unknown) => void;
  readonly #clients = new Set<MonitoringClient>();

  /** @param onFault Called with faults. The command has already run then. */
  constructor(clock: Clock, onFault: (fault: unknown) => void) {
    this.#clock = clock;
    this.#onFault = onFault;
  }

  get size(): number {
    return this.#clients.size;
  }

  add(client: MonitoringClient): void {
    this.#clients.add(client);
  }

  remove(client: MonitoringClient): void {
    this.#clients.delete(client);
  }

  has(client: MonitoringClient): boolean {
    return this.#clients.has(client);
  }

  feed(from: Client, request: Request, byScript = false): void {
    try {
      this.#feed(from, request, byScript);
    } catch (fault) {
      this.#onFault(fault);
    }
  }

  #feed(from: Client, request: Request, byScript: boolean): void {
    const at = (this.#clock.wall() / 1000).toFixed(6);
    const where = byScript ? 'lua' : addressOf(from);
    const line = `${at} [${from.database} ${where}]${wordsOf(request)}`;
    for (const client of this.#clients) client.line(line);
  }
}

function addressOf({ onUnixSocket, localAddress, address }: Client): string {
  return onUnixSocket ? `unix:${localAddress.replace(/:0$/, '')}` : address;
}

function wordsOf(request: Request): string {
  let words = '';
  for (let index = 0; index < request.length; index++) {
    if (words.length > LINE_LENGTH) return `${words} ... (${request.length - index} more arguments)`;
    words += ` ${quoted(request.word(index).toBuffer())}`;
  }
  return words;
}

function quoted(argument: Buffer): string {
  const shown = argument
    .toString('latin1', 0, SHOWN_BYTES)
    .replace(/[\\"]|[^ -~]/g, (byte) => ESCAPES[byte] ?? `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`);
  const more = argument.length - SHOWN_BYTES;
  return `"${shown}"${more > 0 ? `... (${more} more bytes)` : ''}`;
}
