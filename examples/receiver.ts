import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';

/** A message of a webhook, as the receiver needs it. */
export interface Message {
  readonly type: string;
  readonly data: {
    readonly event: string;
    readonly name: string;
    /** The public id of the session. */
    readonly id: string;
    /** When it happened, in Unix ms. */
    readonly at: number;
    readonly keys?: Readonly<Record<string, string>>;
  };
}

/** An application that receives messages of webhooks, and does with each only once what is to be done. */
export class Receiver {
  /** The file with the secret that the sender shares with this receiver. */
  readonly secretFile: string;
  /** Whether it is out of order, and refuses everything. */
  isDown = false;
  /** How many requests it has refused. */
  refused = 0;
  readonly #directory = mkdtempSync(join(tmpdir(), 'respite-example-'));
  readonly #webhook: Webhook;
  readonly #server: Server;
  readonly #seen = new Set<string>();
  readonly #messages: Message[] = [];
  #onMessage: () => void = () => {};

  private constructor() {
    const secret = `whsec_${randomBytes(32).toString('base64')}`;
    this.secretFile = join(this.#directory, 'secret');
    writeFileSync(this.secretFile, secret, { mode: 0o600 });
    this.#webhook = new Webhook(secret);
    this.#server = createServer((request, response) => void this.#receive(request, response));
  }

  static async start(): Promise<Receiver> {
    const receiver = new Receiver();
    await once(receiver.#server.listen(0, '127.0.0.1'), 'listening');
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  /** Resolves with the next message. */
  async next(): Promise<Message> {
    for (;;) {
      const message = this.#messages.shift();
      if (message !== undefined) return message;
      await new Promise<void>((resolve) => {
        this.#onMessage = resolve;
      });
    }
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
    rmSync(this.#directory, { recursive: true });
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    try {
      if (this.isDown) throw new Error('out of order');
      const headers = request.headers as Record<string, string>;
      // Anybody can send requests: only the signature says that this one is from respite.
      const message = this.#webhook.verify(body, headers) as Message;
      // At least once means that a message may come again.
      if (!this.#seen.has(headers['webhook-id'])) {
        this.#seen.add(headers['webhook-id']);
        this.#messages.push(message);
      }
      response.writeHead(204).end();
    } catch (error) {
      this.refused++;
      response.writeHead(this.isDown ? 503 : 400).end(`${(error as Error).message}\n`);
    }
    this.#onMessage();
  }
}
