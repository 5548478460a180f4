import { CodedError, UNBLOCKED } from '../../errors.js';
import type { Context } from '../../execution/context/context.js';
import type { Slice } from '../../slice.js';
import type { RemoteStream } from '../../store/remote-store.js';
import { STREAM_KEY } from '../../stream-key.js';
import type { Arguments } from '../arguments/arguments.js';
import { writeRelayReply } from './relay-reply.js';

// Commands on the stream of a store: they run on the node that has it.

const NOT_IN_STEPS = new CodedError(
  'ERR',
  'the stream of session events is in a store, and its commands cannot be part of a transaction or a script',
);

/** Returns the stream of the store that has the sessions; undefined if it has none. @throws CodedError if it cannot run. */
export function remoteStream({ client, server }: Context): RemoteStream | undefined {
  const stream = server.store?.stream;
  if (stream !== undefined && client.transaction.executing) throw NOT_IN_STEPS;
  return stream;
}

/** Runs a command whose key has just been taken. @param isRead Whether it changes nothing. */
export async function relay(context: Context, stream: RemoteStream, args: Arguments, isRead: boolean): Promise<void> {
  const { request } = args;
  const key = args.mark() - 1;
  const words = Array.from({ length: request.length }, (_, i) => (i === key ? STREAM_KEY : request.word(i)));
  const command = request.word(0).latin1().toUpperCase();
  writeRelayReply(context, command, await stream.run([command, ...words.slice(1)], isRead));
}

/**
 * Runs XREAD or XREADGROUP.
 * @param words The command without BLOCK. They must stay valid.
 * @param timeout For how many ms to wait for entries, 0 for as long as it takes; undefined to not wait.
 */
export async function relayRead(
  context: Context,
  stream: RemoteStream,
  words: readonly [command: 'XREAD' | 'XREADGROUP', ...(Slice | string)[]],
  timeout: number | undefined,
): Promise<void> {
  const [command] = words;
  if (timeout === undefined) {
    writeRelayReply(context, command, await stream.run(words, command === 'XREAD'));
    return;
  }
  const { client } = context;
  const waiting = new AbortController();
  let isRefused = false;
  let isGone = false;
  client.blocked = {
    hasTimeout: timeout > 0,
    unblock(how) {
      isRefused = how === 'error';
      waiting.abort();
    },
    cancel() {
      isGone = true;
      waiting.abort();
    },
  };
  try {
    const answer = await stream.read(words, timeout || Infinity, waiting.signal);
    if (answer === null && isRefused) throw UNBLOCKED;
    if (!isGone) writeRelayReply(context, command, answer);
  } finally {
    client.blocked = undefined;
  }
}
