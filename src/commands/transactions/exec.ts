import { CodedError, OUT_OF_MEMORY } from '../../errors.js';
import { call, replyError } from '../../execution/call.js';
import type { QueuedCommand } from '../../execution/command-queue.js';
import type { Context } from '../../execution/context/context.js';
import { aborted, refusalNow, refusalOfClient } from '../../execution/refusals.js';
import { Arguments } from '../arguments/arguments.js';
import type { Command } from '../declaration/command.js';

export const exec: Command = {
  name: 'exec',
  summary: 'Runs the commands of the transaction, with nothing of other clients between them.',
  complexity: 'that of the commands',
  group: 'transactions',
  flags: ['loading', 'stale', 'skip_slowlog'],
  arity: 1,
  arguments: [],
  reply: 'array of their replies; null if a watched session has changed',
  immediate: true,
  endsTransaction: true,
  run(context) {
    const { client, engine } = context;
    if (!client.transaction.open) throw new CodedError('ERR', 'EXEC without MULTI');
    // Before it begins: nothing of others may come between its commands. What else may forbid it is looked at after that.
    const growth = client.transaction.growth(engine);
    const room = growth === 0 || engine.makeRoomFor(growth);
    if (typeof room === 'boolean') return runAll(context, room);
    return room.then((made) => runAll(context, made));
  },
};

/** @param room Whether there is room for all that the commands may add. */
function runAll(context: Context, room: boolean): void | Promise<void> {
  const { client, engine, reply } = context;
  const { transaction } = client;
  const { failed } = transaction;
  const undisturbed = transaction.isUndisturbed(engine);
  const commands = transaction.end();
  if (failed) throw new CodedError('EXECABORT', 'Transaction discarded because of previous errors.');
  if (!undisturbed) {
    reply.nullArray();
    return;
  }
  // They were looked at when they were queued, and much may have changed since.
  for (const entry of commands.entries) {
    const refusal = refusalNow(context, entry);
    if (refusal !== undefined) throw aborted(refusal);
  }
  if (!room) throw aborted(OUT_OF_MEMORY);
  reply.array(commands.length);
  transaction.executing = true;
  const running = runOn(context, commands[Symbol.iterator]());
  if (running !== undefined) {
    return running.finally(() => {
      transaction.executing = false;
    });
  }
  transaction.executing = false;
}

/** Runs the commands that are left. Only one that waits makes the rest wait. */
function runOn(context: Context, commands: Iterator<QueuedCommand>): void | Promise<void> {
  const { reply } = context;
  const args = new Arguments();
  for (let next = commands.next(); !next.done; next = commands.next()) {
    const { entry, request } = next.value;
    // One before it may have been AUTH or SELECT.
    const refusal = refusalOfClient(context, entry);
    if (refusal !== undefined) {
      replyError(context, refusal, reply.written);
      continue;
    }
    const running = call(context, args, entry, request);
    if (running !== undefined) return running.then(() => runOn(context, commands));
  }
}
