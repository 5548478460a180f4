import RedisParser from 'redis-parser';

/** A reply that is an error. Its message does not repeat the code. */
export class ReplyError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'ReplyError';
    this.code = code;
  }
}

/** A reply in RESP2. Strings are bytes. */
export type DecodedReply = Buffer | number | null | ReplyError | readonly DecodedReply[];

/** Decodes replies in RESP2. */
export class ReplyDecoder {
  readonly #parser: RedisParser;

  /** @param onReply Called with each reply. */
  constructor(onReply: (reply: DecodedReply) => void) {
    const returnError = ({ message }: Error) => {
      const [code] = message.split(' ', 1);
      onReply(new ReplyError(code, message.slice(code.length + 1)));
    };
    this.#parser = new RedisParser({ returnReply: onReply, returnError, returnBuffers: true });
  }

  /** @param bytes Replies, or parts of one. They must not change afterwards. */
  push(bytes: Buffer): void {
    this.#parser.execute(bytes);
  }
}
