import type { Arguments } from '../commands/arguments/arguments.js';
import { type CommandEntry, takesWords } from '../commands/declaration/command-entry.js';
import { findCommand } from '../commands/table.js';
import { CodedError, OUT_OF_MEMORY, wrongNumberOfArguments } from '../errors.js';
import type { Request } from '../resp/request.js';
import { call, replyError } from './call.js';
import type { Context } from './context/context.js';
import { foreignKindOf } from './foreign-commands.js';
import { takesMemory } from './growth.js';
import { redacted } from './observing/redaction.js';
import { aborted, refusalNow } from './refusals.js';

/**
 * Answers one request: finds its command, checks its shape and the client's right, runs it or, inside
 * MULTI, lets it wait for EXEC. Whatever goes wrong, the client gets exactly one reply.
 *
 * @returns A promise only if the command has to wait: the reply is there when it resolves.
 * @throws OutputLimitError if the reply does not fit.
 */
export function dispatch(context: Context, args: Arguments, request: Request): void | Promise<void> {
  const { client, reply } = context;
  reply.begin();
  if (client.replyMode !== 'on') return dispatchSilently(context, args, request);
  return answer(context, args, request);
}

function answer(context: Context, args: Arguments, request: Request): void | Promise<void> {
  const { client, reply, server } = context;
  try {
    const entry = findEntry(context, request);
    if (!client.transaction.open || entry.immediate) return call(context, args, entry, request);
    if (entry.notInTransaction) throw new CodedError('ERR', 'Command not allowed inside a transaction');
    client.transaction.add(entry, request, server.config['client-query-buffer-limit']);
    reply.simple('QUEUED');
  } catch (error) {
    client.transaction.fail();
    replyError(context, error, 0);
  }
  server.statistics.skip();
}

/** As `answer`, for a client that wants no replies: CLIENT REPLY OFF and SKIP. */
function dispatchSilently(context: Context, args: Arguments, request: Request): void | Promise<void> {
  const { client, reply } = context;
  if (client.replyMode === 'skipNext') client.replyMode = 'skip';
  const silence = () => {
    if (client.replyMode === 'off' || client.replyMode === 'skip') reply.rewind();
    if (client.replyMode === 'skip') client.replyMode = 'on';
  };
  const running = answer(context, args, request);
  if (running !== undefined) return running.then(silence);
  silence();
}

/**
 * The command of a request that may be run.
 * @throws CodedError for one that is unknown, has the wrong number of arguments or may not be called now.
 */
function findEntry(context: Context, request: Request): CommandEntry {
  const entry = findCommand(request.word(0));
  if (entry === undefined) throw unknownCommand(request);
  if (request.length > 1 && entry.subcommands.size > 0) {
    const subcommand = entry.subcommands.get(request.word(1).latin1().toLowerCase());
    if (subcommand === undefined) throw unknownSubcommand(entry, request.word(1).toBuffer());
    return admitted(context, subcommand, request);
  }
  return admitted(context, entry, request);
}

function admitted(context: Context, entry: CommandEntry, request: Request): CommandEntry {
  const refusal = refusalOf(context, entry, request);
  if (refusal === undefined) return entry;
  context.server.statistics.rejected(entry);
  if (!entry.endsTransaction) throw refusal;
  context.client.transaction.end();
  throw aborted(refusal);
}

function refusalOf(context: Context, entry: CommandEntry, request: Request) {
  if (!takesWords(entry, request.length)) return wrongNumberOfArguments(entry.fullName);
  const refusal = refusalNow(context, entry);
  if (refusal !== undefined) return refusal;
  if (entry.takesMemory && !context.engine.makeRoom() && takesMemory(entry, request)) return OUT_OF_MEMORY;
  return undefined;
}

/** Redis echoes at most so many characters of the arguments of a request it does not know. */
const ECHOED = 128;

function unknownCommand(request: Request): CodedError {
  const name = redacted(request.word(0).toBuffer(), ECHOED);
  const foreign = foreignKindOf(name.toLowerCase());
  if (foreign !== undefined) {
    return new CodedError(
      'ERR',
      `unknown command '${name}': there are strings, hashes and sessions here, but no ${foreign}`,
    );
  }
  // A line sent as one word (`"SESSION.GET token"`) is a SESSION command as well: nothing behind its name is shown.
  if (/^session\./i.test(name)) return unknownCommandError(name.split(/\s/, 1)[0], '');
  let args = '';
  for (const argument of request.words(1, ECHOED)) {
    if (args.length >= ECHOED) break;
    args += `'${redacted(argument, ECHOED - args.length)}' `;
  }
  return unknownCommandError(name, args);
}

function unknownCommandError(name: string, args: string): CodedError {
  return new CodedError('ERR', `unknown command '${name}', with args beginning with: ${args}`);
}

function unknownSubcommand(entry: CommandEntry, name: Buffer): CodedError {
  return new CodedError('ERR', `unknown subcommand '${redacted(name)}'. Try ${entry.fullName.toUpperCase()} HELP.`);
}
