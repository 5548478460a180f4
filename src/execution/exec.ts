import { Arguments } from '../commands/arguments/arguments.js';
import { discarded, OUT_OF_MEMORY, PREVIOUS_ERRORS } from '../errors.js';
import { call, replyError } from './call.js';
import type { QueuedCommand } from './command-queue.js';
import type { Execution } from './execution.js';
import { refusalNow, refusalOfClient } from './refusals.js';

/** Ends a client's transaction and runs its commands, if they may run now and no watched session has changed. */
export function exec(execution: Execution): void | Promise<void> {
  const { engine, transaction } = execution;
  // Making room may take a while, in which other clients are served. So it comes before all checks of what they may
  // have changed.
  const growth = transaction.growth(engine);
  const room = growth === 0 || engine.makeRoomFor(growth);
  if (typeof room === 'boolean') return runAll(execution, room);
  return room.then((made) => runAll(execution, made));
}

/** @param room Whether there is room for everything that the commands may add. */
function runAll(execution: Execution, room: boolean): void | Promise<void> {
  const { engine, reply, transaction } = execution;
  const { failed } = transaction;
  const unchanged = transaction.isUnchanged(engine);
  const commands = transaction.end();
  if (failed) throw PREVIOUS_ERRORS;
  if (!unchanged) {
    reply.nullArray();
    return;
  }
  // They were checked when they were queued, but much may have changed since.
  for (const entry of commands.entries) {
    const refusal = refusalNow(execution, entry);
    if (refusal !== undefined) throw discarded(refusal);
  }
  if (!room) throw discarded(OUT_OF_MEMORY);
  reply.array(commands.length);
  transaction.executing = true;
  const running = runOn(execution, commands[Symbol.iterator]());
  if (running !== undefined) {
    return running.finally(() => {
      transaction.executing = false;
    });
  }
  transaction.executing = false;
}

/** Runs the remaining commands. They run at once unless one has to wait. */
function runOn(execution: Execution, commands: Iterator<QueuedCommand>): void | Promise<void> {
  const { reply } = execution;
  const args = new Arguments();
  for (let next = commands.next(); !next.done; next = commands.next()) {
    const { entry, request } = next.value;
    // An earlier command of the transaction may have been AUTH or SELECT.
    const refusal = refusalOfClient(execution, entry);
    if (refusal !== undefined) {
      replyError(execution, refusal, reply.written);
      continue;
    }
    const running = call(execution, args, entry, request);
    if (running !== undefined) return running.then(() => runOn(execution, commands));
  }
}
