import { frame, type RawClient } from '../../raw-client.js';
import { Failure, mapOf, type Reply, Status, show } from '../../tools/replies.js';

/** The words of a request. Strings are sent as UTF-8. */
export type Words = readonly (string | Buffer)[];

/**
 * A client of the suite. In its replies a status is a string, and an error inside an array is a string that begins with
 * `-`. Strings have one character per byte.
 */
export class Client {
  readonly #connection: RawClient;
  readonly #onAccepted: (command: string) => void;

  /** @param onAccepted Called with the name of each command that is not refused, in lower case. */
  constructor(connection: RawClient, onAccepted: (command: string) => void) {
    this.#connection = connection;
    this.#onAccepted = onAccepted;
  }

  /** Sends a request. Returns its reply. @throws Error if the request is refused. */
  async ask(...words: Words): Promise<Reply> {
    const reply = await this.#answer(words);
    if (reply instanceof Failure) throw new Error(`${words[0]} was refused: ${reply.text}`);
    return plain(reply);
  }

  /** Sends a request that must be refused. Returns the error. */
  async refusal(...words: Words): Promise<string> {
    const reply = await this.#answer(words);
    if (!(reply instanceof Failure)) throw new Error(`${words[0]} was not refused: it replied ${show(reply)}`);
    return reply.text;
  }

  /** Sends a request whose reply is a map. */
  async map(...words: Words): Promise<Record<string, Reply>> {
    return Object.fromEntries(mapOf(await this.ask(...words)));
  }

  /** Creates a session. Returns its token. */
  async create(name: string | Buffer, ...options: Words): Promise<string> {
    return String(await this.ask('SESSION.NEW', name, ...options));
  }

  /** Returns the ms until a session's deadline. */
  async left(token: string): Promise<number> {
    return Number(await this.ask('SESSION.PTTL', token));
  }

  /** Waits for the next message of a subscription. */
  async message(): Promise<Reply> {
    return plain(await this.#connection.reply());
  }

  close(): void {
    this.#connection.close();
  }

  async #answer(words: Words): Promise<Reply> {
    await this.#connection.send(frame(...words));
    const reply = await this.#connection.reply();
    if (!(reply instanceof Failure)) this.#onAccepted(String(words[0]).toLowerCase());
    return reply;
  }
}

function plain(reply: Reply): Reply {
  if (reply instanceof Status) return reply.text;
  if (reply instanceof Failure) return `-${reply.text}`;
  return Array.isArray(reply) ? reply.map(plain) : reply;
}
