import { SessionError } from '../engine/index.js';
import { OutputLimitError } from '../resp/reply-encoder.js';
import type { Request } from '../resp/request-decoder.js';
import type { Arguments } from './arguments.js';
import { type CommandEntry, takesWords } from './command-entry.js';
import { CommandError, wrongNumberOfArguments } from './command-error.js';
import type { Context } from './context.js';
import { redacted } from './redact.js';
import { findCommand } from './table.js';

const NOAUTH = new CommandError('NOAUTH Authentication required.');

/**
 * Answers one request: finds its command, checks its shape and the client's right, runs it. Whatever
 * goes wrong, the client gets exactly one reply.
 *
 * @returns A promise only if the command has to wait: the reply is there when it resolves.
 * @throws OutputLimitError if the reply does not fit; anything else that is thrown is a fault of ours,
 *   of which `onFault` is told.
 */
export function dispatch(
  context: Context,
  args: Arguments,
  request: Request,
  onFault: (fault: unknown) => void,
): void | Promise<void> {
  context.reply.begin();
  context.server.counters.commands++;
  try {
    const entry = findEntry(request);
    if (entry.needsAuth && !context.client.authenticated) throw NOAUTH;
    args.reset(request, entry.fullName, entry.nameWords);
    const running = entry.command.run?.(context, args);
    return running?.catch((error: unknown) => replyError(context, error, onFault));
  } catch (error) {
    replyError(context, error, onFault);
  }
}

/** @throws CommandError for a command that is unknown or has the wrong number of arguments. */
function findEntry(request: Request): CommandEntry {
  const entry = findCommand(request[0]);
  if (entry === undefined) throw unknownCommand(request);
  if (request.length > 1 && entry.subcommands.size > 0) {
    const subcommand = entry.subcommands.get(request[1].toString('latin1').toLowerCase());
    if (subcommand === undefined) throw unknownSubcommand(entry, request[1]);
    if (!takesWords(subcommand, request.length)) throw wrongNumberOfArguments(subcommand.fullName);
    return subcommand;
  }
  if (!takesWords(entry, request.length)) throw wrongNumberOfArguments(entry.fullName);
  return entry;
}

function replyError({ reply, server }: Context, error: unknown, onFault: (fault: unknown) => void): void {
  if (error instanceof OutputLimitError) throw error;
  server.counters.errors++;
  reply.rewind();
  if (error instanceof SessionError) {
    reply.error(`${error.code} ${error.message}`);
  } else if (error instanceof CommandError) {
    reply.error(error.message);
  } else {
    onFault(error);
    reply.error('ERR internal error');
  }
}

/** Redis echoes at most so many characters of the arguments of a request it does not know. */
const ECHOED = 128;

function unknownCommand(request: Request): CommandError {
  const name = redacted(request[0], ECHOED);
  // A line sent as one word (`"SESSION.GET token"`) is a SESSION command as well: nothing behind its name is shown.
  if (/^session\./i.test(name)) return unknownCommandError(name.split(/\s/, 1)[0], '');
  let args = '';
  for (const argument of request.slice(1)) {
    if (args.length >= ECHOED) break;
    args += `'${redacted(argument, ECHOED - args.length)}' `;
  }
  return unknownCommandError(name, args);
}

function unknownCommandError(name: string, args: string): CommandError {
  return new CommandError(`ERR unknown command '${name}', with args beginning with: ${args}`);
}

function unknownSubcommand(entry: CommandEntry, name: Buffer): CommandError {
  return new CommandError(`ERR unknown subcommand '${redacted(name)}'. Try ${entry.fullName.toUpperCase()} HELP.`);
}
