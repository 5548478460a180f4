import { Arguments } from '../commands/arguments/arguments.js';
import { discarded, OUT_OF_MEMORY, PREVIOUS_ERRORS } from '../errors.js';
import { askWithin, awaitAnswer, call, replyError } from './call.js';
import type { CommandQueue, QueuedCommand } from './command-queue.js';
import type { Execution, Transactions } from './execution.js';
import { LateAnswer } from './late-answer.js';
import { refusalNow, refusalOfClient } from './refusals.js';

/** Ends a client's transaction and runs its commands, if they may run now and no watched session has changed. */
export function exec(execution: Execution): void | Promise<void> {
  const { client, engine, transaction, transactions } = execution;
  if (transactions !== undefined) return runWithin(execution, transactions);
  // Making room may take a while, in which other clients are served. So it comes before all checks of what they may
  // have changed.
  const growth = transaction.growth(engine, client.database);
  const room = growth === 0 || engine.makeRoomFor(growth);
  if (typeof room === 'boolean') return runAll(execution, room);
  return room.then((made) => runAll(execution, made));
}

/** @param room Whether there is room for everything that the commands may add. */
function runAll(execution: Execution, room: boolean): void | Promise<void> {
  const { engine, reply, transaction, store } = execution;
  const { failed } = transaction;
  const unchanged = transaction.isUnchanged(engine);
  const commands = transaction.end();
  if (failed) throw PREVIOUS_ERRORS;
  if (!unchanged) {
    reply.nullArray();
    return;
  }
  checkAgain(execution, commands);
  if (!room) throw discarded(OUT_OF_MEMORY);
  reply.array(commands.length);
  execution.server.durability?.mark();
  transaction.executing = true;
  execution.store = execution.storeAtOnce;
  const end = () => {
    transaction.executing = false;
    execution.store = store;
  };
  const running = runOn(execution, commands[Symbol.iterator]());
  if (running !== undefined) return running.finally(end);
  end();
}

/** Runs the remaining commands. They run at once unless one has to wait. */
function runOn(execution: Execution, commands: Iterator<QueuedCommand>): void | Promise<void> {
  const { reply } = execution;
  const args = new Arguments();
  for (let next = commands.next(); !next.done; next = commands.next()) {
    const { entry, request } = next.value;
    // An earlier command of the transaction may have been AUTH.
    const refusal = refusalOfClient(execution, entry);
    if (refusal !== undefined) {
      replyError(execution, refusal, reply.written);
      continue;
    }
    const called = call(execution, args, entry, request);
    const running = called instanceof LateAnswer ? awaitAnswer(execution, called) : called;
    if (running !== undefined) return running.then(() => runOn(execution, commands));
  }
}

/** Checks the commands once more: much may have changed since they were queued. */
function checkAgain(execution: Execution, commands: CommandQueue): void {
  for (const entry of commands.entries) {
    const refusal = refusalNow(execution, entry);
    if (refusal !== undefined) throw discarded(refusal);
  }
}

/**
 * Runs the commands in a transaction of a store that answers later. Everything that they ask of it happens at once.
 * Then the replies are written in order, and commands that ask nothing of the store run in their places. So what the
 * commands ask is checked with the permissions that the client has now, even if one of them is AUTH.
 */
async function runWithin(execution: Execution, transactions: Transactions): Promise<void> {
  const { reply, transaction } = execution;
  const { failed, noted } = transaction;
  const commands = transaction.end();
  if (failed) throw PREVIOUS_ERRORS;
  checkAgain(execution, commands);
  const inStore = transactions.begin(noted);
  const args = new Arguments();
  const answers: (LateAnswer | undefined)[] = [];
  for (const { entry, request } of commands) {
    answers.push(entry.ask && askWithin(inStore, execution, args, entry, request));
  }
  if (!(await inStore.commit())) {
    reply.nullArray();
    return;
  }
  reply.array(commands.length);
  transaction.executing = true;
  try {
    await writeAll(execution, commands, answers);
  } finally {
    transaction.executing = false;
  }
}

async function writeAll(
  execution: Execution,
  commands: CommandQueue,
  answers: readonly (LateAnswer | undefined)[],
): Promise<void> {
  let index = 0;
  for (const command of commands) {
    const answer = answers[index++];
    if (answer === undefined) await runOn(execution, [command].values());
    else await awaitAnswer(execution, answer);
  }
}
