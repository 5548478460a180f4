import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';

/** A secret as Standard Webhooks prescribes. */
export const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

export interface ReceivedEvent {
  readonly event: string;
  readonly name: string;
  readonly id: string;
  readonly at: number;
  readonly keys?: Record<string, string>;
}

/** The receiver of a webhook: a real HTTP server, which checks signatures if they are there. */
export class TestReceiver {
  /** What it has accepted, in order. */
  readonly events: ReceivedEvent[] = [];
  readonly headers: Record<string, string>[] = [];
  readonly bodies: string[] = [];
  /** The status with which it answers; undefined for no answer. */
  status: number | undefined = 204;
  secret = SECRET;
  readonly #server: Server;
  readonly #waiting = new Set<() => void>();
  /** All requests, those included that were refused. */
  requests = 0;

  private constructor() {
    this.#server = createServer(this.#receive);
  }

  /** @param port The port, which may be one on which an earlier receiver was. */
  static async start(port = 0): Promise<TestReceiver> {
    const receiver = new TestReceiver();
    await once(receiver.#server.listen(port, '127.0.0.1'), 'listening');
    return receiver;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Resolves when a condition holds, which is checked after each request. */
  async until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  readonly #receive: RequestListener = async (request, response) => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    this.requests++;
    const headers = request.headers as Record<string, string>;
    if (this.status !== undefined) {
      if (this.status < 300) this.#accept(body, headers);
      response.writeHead(this.status).end();
    }
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  };

  #accept(body: string, headers: Record<string, string>): void {
    const message = headers['webhook-signature']
      ? (new Webhook(this.secret).verify(body, headers) as { data: ReceivedEvent | { data: ReceivedEvent }[] })
      : JSON.parse(body);
    this.headers.push(headers);
    this.bodies.push(body);
    const { data } = message;
    this.events.push(...(Array.isArray(data) ? data.map((each: { data: ReceivedEvent }) => each.data) : [data]));
  }
}
