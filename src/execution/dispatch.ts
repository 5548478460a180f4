import type { Arguments } from '../commands/arguments/arguments.js';
import { type CommandEntry, calledOf } from '../commands/declaration/command-entry.js';
import { discarded, NOT_IN_TRANSACTION } from '../errors.js';
import type { Request } from '../resp/request.js';
import { awaitAnswer, call, replyError } from './call.js';
import type { Execution } from './execution.js';
import { LateAnswer, type Running, runsAhead } from './late-answer.js';
import { refusalOf } from './refusals.js';
import { unknownCommand, unknownSubcommand } from './unknown-command.js';

/**
 * Answers one request: finds its command, checks whether it may run, and runs it or, inside MULTI, queues it for EXEC.
 * Whatever goes wrong, the client gets exactly one reply.
 *
 * @returns Nothing if the reply has been written. A promise if the command has to wait: the reply has been written when
 *   it resolves. A LateAnswer if the client's next requests may run before the reply is written.
 * @throws OutputLimitError if the reply does not fit.
 */
export function dispatch(execution: Execution, args: Arguments, request: Request): Running {
  const { client, reply } = execution;
  reply.begin();
  if (client.replyMode !== 'on') return dispatchSilently(execution, args, request);
  return answer(execution, args, request);
}

function answer(execution: Execution, args: Arguments, request: Request): Running {
  const { reply, server, transaction } = execution;
  try {
    const entry = findEntry(execution, request);
    if (!transaction.open || entry.immediate) {
      const running = call(execution, args, entry, request);
      if (!(running instanceof LateAnswer) || running.runsAhead) return running;
      return awaitAnswer(execution, running);
    }
    if (entry.notInTransaction) throw NOT_IN_TRANSACTION;
    transaction.add(entry, request, server.config['client-query-buffer-limit']);
    reply.simple('QUEUED');
  } catch (error) {
    transaction.fail();
    replyError(execution, error, 0);
  }
  server.statistics.skip();
}

/** Like `answer`, for a client that wants no replies: CLIENT REPLY OFF and SKIP. */
function dispatchSilently(execution: Execution, args: Arguments, request: Request): void | Promise<void> {
  const { client, reply } = execution;
  if (client.replyMode === 'skipNext') client.replyMode = 'skip';
  const silence = () => {
    if (client.replyMode === 'off' || client.replyMode === 'skip') reply.rewind();
    if (client.replyMode === 'skip') client.replyMode = 'on';
  };
  const running = answer(execution, args, request);
  if (running instanceof LateAnswer) return awaitAnswer(execution, running).then(silence);
  if (running !== undefined) return running.then(silence);
  silence();
}

/** Returns whether a request may run although the replies to earlier requests of the client are still to come. */
export function mayRunAhead({ client, commands, transaction }: Execution, request: Request): boolean {
  if (client.replyMode !== 'on' || transaction.open) return false;
  const entry = commands.find(request.word(0));
  return entry !== undefined && runsAhead(entry, request);
}

/**
 * Returns the command of a request that may run or be queued for EXEC.
 * @throws CodedError if the command is unknown or refused.
 */
function findEntry(execution: Execution, request: Request): CommandEntry {
  const entry = execution.commands.find(request.word(0));
  if (entry === undefined) throw unknownCommand(request, execution.commands);
  const called = calledOf(entry, request);
  if (called === undefined) throw unknownSubcommand(entry, request.word(1).toBuffer());
  return admitted(execution, called, request);
}

function admitted(execution: Execution, entry: CommandEntry, request: Request): CommandEntry {
  const refusal = refusalOf(execution, entry, request);
  if (refusal === undefined) return entry;
  execution.server.statistics.rejected(entry);
  if (!entry.endsTransaction) throw refusal;
  execution.transaction.end();
  throw discarded(refusal);
}
