import { CodedError } from '../../errors.js';
import type { Client } from '../../execution/context/client.js';
import type { Context } from '../../execution/context/context.js';
import { redacted } from '../../execution/observing/redaction.js';
import type { Slice } from '../../slice.js';
import type { ConsumerGroup } from '../../stream/consumer-group.js';
import type { EventStream } from '../../stream/event-stream.js';
import { STREAM_KEY } from '../../stream-key.js';
import { type Arguments, isStreamKey } from '../arguments/arguments.js';
import type { Command } from '../declaration/command.js';
import { relay, remoteStream } from './relay.js';

const NO_STREAM = new CodedError('ERR', 'there is no stream of session events: set the option "events-stream" to yes');
const OTHER_KEY = new CodedError(
  'ERR',
  `there are no streams but ${STREAM_KEY} in database 0, which has the events of sessions`,
);

/** A command whose first argument is the key of the stream. */
interface StreamCommand extends Omit<Command, 'group' | 'run' | 'ask' | 'write'> {
  /**
   * Reads the arguments after the key, does the work and writes one reply. Not called if a store has the stream.
   * @throws CodedError as `Command.run`.
   */
  answer(stream: EventStream, context: Context, args: Arguments): void | Promise<void>;
}

/** Declares a command for the stream of session events. */
export function streamCommand({ answer, ...command }: StreamCommand): Command {
  const isRead = command.flags.includes('readonly');
  return {
    ...command,
    group: 'stream',
    run(context, args) {
      checkKey(context.client, args.slice());
      const remote = remoteStream(context);
      if (remote !== undefined) return relay(context, remote, args, isRead);
      return answer(streamOf(context), context, args);
    },
  };
}

/** @throws CodedError if a key is not that of the stream. */
export function checkKey(client: Client, key: Slice): void {
  if (!isStreamKey(client, key)) throw OTHER_KEY;
}

/**
 * Returns the stream. Clients that wait for what it already has are served first.
 * @throws CodedError if events are not kept.
 */
export function streamOf({ client, server }: Context): EventStream {
  const { eventStream, readers } = server;
  if (eventStream === undefined) throw NO_STREAM;
  if (!client.transaction.executing) readers.serve();
  return eventStream;
}

/** Returns the time at which deliveries happen, in Unix ms. */
export function timeOf({ server }: Context): number {
  return Math.floor(server.clock.wall());
}

/** Notes that a consumer asks for entries, even if it gets none. Makes it if there is none. */
export function seeConsumer(group: ConsumerGroup, consumer: Slice, now: number): void {
  if (!group.createConsumer(consumer, now)) group.see(consumer, now);
}

/** Returns the error for a group that does not exist. @param where The end of the message. */
export function noGroup(group: Slice, where = ''): CodedError {
  return new CodedError('NOGROUP', `No such key '${STREAM_KEY}' or consumer group '${nameOf(group)}'${where}`);
}

/** Like `noGroup`, in the words of XGROUP and XINFO. */
export function noGroupForKey(group: Slice): CodedError {
  return new CodedError('NOGROUP', `No such consumer group '${nameOf(group)}' for key name '${STREAM_KEY}'`);
}

const nameOf = (group: Slice) => redacted(group.toBuffer());
