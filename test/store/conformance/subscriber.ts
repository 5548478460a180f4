import type { Client } from './client.js';

export interface Message {
  readonly channel: string;
  /** One character per byte. */
  readonly text: string;
}

/** A client that has subscribed to channels by a pattern. */
export class Subscriber {
  readonly #client: Client;

  private constructor(client: Client) {
    this.#client = client;
  }

  static async to(pattern: string, client: Client): Promise<Subscriber> {
    await client.ask('PSUBSCRIBE', pattern);
    return new Subscriber(client);
  }

  /** Waits for a message on the channel. Returns all messages since the last call, that one last. */
  async upTo(channel: string): Promise<Message[]> {
    const messages: Message[] = [];
    for (;;) {
      const [, , from, text] = (await this.#client.message()) as string[];
      messages.push({ channel: from, text });
      if (from === channel) return messages;
    }
  }

  /** Like `upTo`, for events of sessions: each as `event token`. */
  async eventsUpTo(event: string, name: string): Promise<string[]> {
    const messages = await this.upTo(`__session__:${event}:${name}`);
    return messages.map(({ channel, text }) => `${channel.split(':')[1]} ${text}`);
  }

  /** Like `upTo`, for events with data: each as the object that it contains. */
  async dataUpTo(event: string, name: string): Promise<Record<string, unknown>[]> {
    const messages = await this.upTo(`__sessiondata__:${event}:${name}`);
    return messages.map(({ text }) => JSON.parse(Buffer.from(text, 'latin1').toString()));
  }
}
