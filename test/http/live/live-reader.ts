import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http';
import type { LiveMessages } from '../../../src/http/live/live-data.js';
import type { Server } from '../../../src/index.js';

interface Received<Kind extends keyof LiveMessages = keyof LiveMessages> {
  readonly kind: Kind;
  readonly data: LiveMessages[Kind];
}

/** Reads the server-sent events of `GET /live`, as a browser does. */
export class LiveReader {
  readonly response: IncomingMessage;
  readonly #request: ClientRequest;
  /** Messages that have arrived and were not taken, in order. */
  #messages: Received[] = [];
  /** Everything that has arrived, and the last message if it is incomplete. */
  readonly #chunks: string[] = [];
  #incomplete = '';
  #ended = false;
  #wake: () => void = () => {};

  private constructor(sent: ClientRequest, response: IncomingMessage) {
    this.#request = sent;
    this.response = response;
    response.setEncoding('utf8');
    response.on('data', (text: string) => {
      this.#chunks.push(text);
      this.#parse(text);
      this.#wake();
    });
    response.on('error', () => {});
    response.on('close', () => {
      this.#ended = true;
      this.#wake();
    });
  }

  static async open(server: Pick<Server, 'httpUrl'>, headers: OutgoingHttpHeaders = {}): Promise<LiveReader> {
    const sent = request(new URL('/live', server.httpUrl), { agent: false, headers }).end();
    sent.on('error', () => {});
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return new LiveReader(sent, response);
  }

  /** Everything that has arrived. */
  get text(): string {
    return this.#chunks.join('');
  }

  get status(): number | undefined {
    return this.response.statusCode;
  }

  /** Waits for the next message of a kind. Messages of other kinds before it stay. */
  async next<Kind extends keyof LiveMessages>(kind: Kind): Promise<LiveMessages[Kind]> {
    for (;;) {
      const index = this.#messages.findIndex((message) => message.kind === kind);
      if (index >= 0) return this.#messages.splice(index, 1)[0].data as LiveMessages[Kind];
      if (this.#ended) throw new Error(`the stream has ended without another ${kind}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Takes all messages of a kind that have arrived. */
  taken<Kind extends keyof LiveMessages>(kind: Kind): LiveMessages[Kind][] {
    const taken = this.#messages.filter((message) => message.kind === kind);
    this.#messages = this.#messages.filter((message) => message.kind !== kind);
    return taken.map(({ data }) => data as LiveMessages[Kind]);
  }

  /** Resolves when the server has ended the stream. */
  async ended(): Promise<void> {
    while (!this.#ended) await once(this.response, 'close');
  }

  /** Disconnects. */
  close(): void {
    this.#request.destroy();
  }

  #parse(text: string): void {
    const messages = (this.#incomplete + text).split('\n\n');
    this.#incomplete = messages.pop() ?? '';
    for (const message of messages) {
      const [, kind, data] = /^event: (\w+)\ndata: (.*)$/m.exec(message) ?? [];
      this.#messages.push({ kind: kind as keyof LiveMessages, data: JSON.parse(data) });
    }
  }
}
