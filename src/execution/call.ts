import type { Arguments } from '../commands/arguments/arguments.js';
import type { CommandEntry } from '../commands/declaration/command-entry.js';
import { CodedError, type ErrorCode } from '../errors.js';
import { OutputLimitError } from '../resp/reply-encoder.js';
import type { Request } from '../resp/request.js';
import type { Context } from './context/context.js';
import type { Counters } from './context/counters.js';
import { clientFields, clientText } from './observing/client-text.js';

/**
 * Runs a command that has passed all checks. Whatever goes wrong, the client gets exactly one reply.
 *
 * @returns A promise only if the command has to wait. The reply has been written when it resolves.
 * @throws OutputLimitError if the reply does not fit.
 */
export function call(context: Context, args: Arguments, entry: CommandEntry, request: Request): void | Promise<void> {
  const { reply, client } = context;
  const before = reply.written;
  client.lastCommand = entry.fullName;
  args.reset(request, entry.fullName, entry.nameWords);
  try {
    const running = entry.ask === undefined ? run(context, args, entry) : ask(context, args, entry);
    if (running !== undefined) {
      // Other clients' requests are read before it ends.
      request.own();
      return finishLater(context, entry, request, running, before);
    }
    finish(context, entry, request, false);
  } catch (error) {
    replyError(context, error, before, entry);
    finish(context, entry, request, true);
  }
}

function run(context: Context, args: Arguments, entry: CommandEntry): void | Promise<void> {
  context.engine.data.countsAsUse = !context.client.noTouch;
  return entry.run?.(context, args);
}

/** Asks the store, and writes what it answers. */
function ask({ store, reply, client }: Context, args: Arguments, entry: CommandEntry): void | Promise<void> {
  const answer = entry.ask?.(store, args, !client.noTouch);
  if (answer instanceof Promise) return answer.then((result) => entry.write?.(reply, result));
  entry.write?.(reply, answer);
}

function finish(context: Context, entry: CommandEntry, request: Request, failed: boolean): void {
  record(context, entry, request, context.server.statistics.ran(entry, failed));
}

/**
 * Counts a command that has run, and passes it on to LATENCY, SLOWLOG and MONITOR. The commands of a transaction come before its
 * EXEC.
 */
function record({ server, client }: Context, entry: CommandEntry, request: Request, ms: number): void {
  server.counters.commands++;
  if (ms >= server.latency.threshold) server.latency.add(entry.isFast ? 'fast-command' : 'command', ms);
  if (ms >= server.slowlog.threshold && !entry.hiddenFromSlowlog) server.slowlog.add(ms, request, client);
  if (server.monitors.size > 0 && !entry.hiddenFromMonitor) server.monitors.feed(client, request);
}

/** Waits for a command. Its duration is measured separately, because other clients are served meanwhile. */
async function finishLater(
  context: Context,
  entry: CommandEntry,
  request: Request,
  running: Promise<void>,
  before: number,
): Promise<void> {
  const { clock, statistics } = context.server;
  const started = clock.now();
  let failed = false;
  try {
    await running;
  } catch (error) {
    failed = true;
    replyError(context, error, before, entry);
  }
  record(context, entry, request, statistics.record(entry, clock.now() - started, failed));
}

/**
 * Replies with an error, and drops what the command has written.
 * @param before The value of `reply.written` when the command began.
 * @param entry The command; undefined if the request was refused before one ran.
 */
export function replyError(context: Context, error: unknown, before: number, entry?: CommandEntry): void {
  const { reply, server } = context;
  if (error instanceof OutputLimitError) throw error;
  reply.rewind(before);
  const { code, message } = error instanceof CodedError ? error : INTERNAL;
  if (!(error instanceof CodedError)) server.reportFault(error);
  countError(server.counters, code);
  if (server.log.isOn('debug')) logError(context, code, entry);
  reply.error(`${code} ${message}`);
}

/** The message of the error is left out, because it may repeat what the client sent. */
function logError({ server, client }: Context, code: string, entry: CommandEntry | undefined): void {
  const what = entry === undefined ? 'a request was refused' : `${entry.fullName} failed`;
  const fields = { event: 'error', ...clientFields(client), command: entry?.fullName, code } as const;
  server.log.debug(`${clientText(client)}: ${what} with ${code}`, fields);
}

/** The reply to a client when the server has a fault. */
const INTERNAL = new CodedError('ERR', 'internal error, see the log of the server');

export function countError(counters: Counters, code: ErrorCode): void {
  counters.errors++;
  counters.errorCodes[code]++;
}
