import type { Arguments } from '../commands/arguments/arguments.js';
import type { CommandEntry } from '../commands/declaration/command-entry.js';
import { CodedError, type ErrorCode } from '../errors.js';
import { OutputLimitError } from '../resp/reply-encoder.js';
import type { Request } from '../resp/request.js';
import type { Transaction } from '../store/store.js';
import type { Context } from './context/context.js';
import type { Counters } from './context/counters.js';
import type { Execution } from './execution.js';
import { keysRead } from './keys-read.js';
import { LateAnswer, type Running, runsAhead } from './late-answer.js';
import { clientFields, clientText } from './observing/client-text.js';

/**
 * Runs a command that has passed all checks. Whatever goes wrong, the client gets exactly one reply.
 *
 * @returns Nothing if the reply has been written. A promise if the command has to wait: the reply has been written when
 *   it resolves. A LateAnswer if the store answers later: the caller sees to it that the reply is written then.
 * @throws OutputLimitError if the reply does not fit.
 */
export function call(context: Execution, args: Arguments, entry: CommandEntry, request: Request): Running {
  // The only thing that tracking costs while no client tracks.
  if (context.server.tracking.size === 0) return callNow(context, args, entry, request);
  return callTracked(context, args, entry, request);
}

/** Calls a command while clients track keys. The closure is made here, because `call` must not allocate. */
function callTracked(context: Execution, args: Arguments, entry: CommandEntry, request: Request): Running {
  const { client } = context;
  const { tracking } = context.server;
  const outer = tracking.attribute(entry.writes ? client : undefined);
  try {
    return callNow(context, args, entry, request);
  } finally {
    tracking.attribute(outer);
    tracking.read(client, () => keysRead(entry, request));
    tracking.served(client, entry.fullName);
  }
}

function callNow(context: Execution, args: Arguments, entry: CommandEntry, request: Request): Running {
  const { reply, client } = context;
  const before = reply.written;
  client.lastCommand = entry.fullName;
  args.reset(request, entry.fullName, entry.nameWords);
  try {
    if (entry.ask !== undefined) {
      const answer = entry.ask(context.store, args, !client.noTouch);
      // Most answers cannot be promises, and the test takes 3 % of the time of a read.
      const mayBeLate = context.transactions !== undefined || entry.inSteps !== undefined;
      if (mayBeLate && answer instanceof Promise) return later(context, entry, request, answer);
      entry.write?.(reply, answer);
      finish(context, entry, request, false);
      return;
    }
    const running = run(context, args, entry);
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

function finish(context: Context, entry: CommandEntry, request: Request, failed: boolean): void {
  record(context, entry, request, context.server.statistics.ran(entry, failed));
}

/**
 * Counts a command that has run, and passes it on to LATENCY, SLOWLOG and MONITOR. The commands of a transaction come
 * before its EXEC.
 */
function record(context: Context, entry: CommandEntry, request: Request, ms: number): void {
  recordTime(context, entry, request, ms);
  feedMonitors(context, entry, request);
}

/** @param request Undefined if the slow log need not have it. */
function recordTime({ server, client }: Context, entry: CommandEntry, request: Request | undefined, ms: number): void {
  server.counters.commands++;
  if (ms >= server.latency.threshold) server.latency.add(entry.isFast ? 'fast-command' : 'command', ms);
  if (ms >= server.slowlog.threshold && !entry.hiddenFromSlowlog && request !== undefined) {
    server.slowlog.add(ms, request, client);
  }
}

function feedMonitors({ server, client }: Context, entry: CommandEntry, request: Request): void {
  if (server.monitors.size > 0 && !entry.hiddenFromMonitor) server.monitors.feed(client, request);
}

/**
 * Keeps what is needed once the store has answered. MONITOR gets the request now, because it is not valid for longer.
 */
function later(context: Context, entry: CommandEntry, request: Request, answer: Promise<unknown>): LateAnswer {
  const { slowlog, statistics } = context.server;
  feedMonitors(context, entry, request);
  // While a store is slow, so is each command that asks it once. Thousands of these in SLOWLOG would say nothing.
  const isAhead = runsAhead(entry, request);
  const mayBeSlow = slowlog.threshold < Infinity && !entry.hiddenFromSlowlog && !isAhead;
  // The time of the next command begins here.
  statistics.skip();
  return new LateAnswer(entry, answer, {
    started: statistics.mark,
    bytes: request.bytes,
    runsAhead: isAhead,
    request: mayBeSlow ? request.copy() : undefined,
  });
}

/** Asks a transaction of a store for what a command wants. The answer comes when the transaction has happened. */
export function askWithin(
  { sessions }: Transaction,
  context: Context,
  args: Arguments,
  entry: CommandEntry,
  request: Request,
): LateAnswer {
  const { client } = context;
  client.lastCommand = entry.fullName;
  args.reset(request, entry.fullName, entry.nameWords);
  const answer = new Promise<unknown>((resolve) => resolve(entry.ask?.(sessions, args, !client.noTouch)));
  // If the transaction does not happen, nobody waits for its answers.
  answer.catch(() => {});
  return later(context, entry, request, answer);
}

/**
 * Runs a command of a script, which has passed all checks. Writes exactly one reply.
 * @param started When it begins, on the server's clock, in ms. The command itself happens at the time of the script.
 * @returns When it has ended.
 */
export function callWithinScript(
  context: Execution,
  args: Arguments,
  entry: CommandEntry,
  request: Request,
  started: number,
): number {
  const { client, reply, server } = context;
  const { tracking } = server;
  args.reset(request, entry.fullName, entry.nameWords);
  let failed = false;
  const isTracked = tracking.size > 0;
  const outer = isTracked ? tracking.attribute(client) : undefined;
  try {
    const running =
      entry.ask === undefined ? run(context, args, entry) : entry.ask(context.store, args, !client.noTouch);
    // It would end only when other clients have been served.
    if (running instanceof Promise) throw new Error(`${entry.fullName} waits in a script`);
    if (entry.ask !== undefined) entry.write?.(reply, running);
  } catch (error) {
    failed = true;
    replyError(context, error, 0, entry);
  }
  if (isTracked) {
    tracking.attribute(outer);
    tracking.read(client, () => keysRead(entry, request));
  }
  const ended = server.clock.now();
  recordTime(context, entry, request, server.statistics.record(entry, ended - started, failed));
  if (server.monitors.size > 0 && !entry.hiddenFromMonitor) server.monitors.feed(client, request, true);
  return ended;
}

/** Waits for the store, and writes the reply. */
export async function awaitAnswer(context: Context, late: LateAnswer): Promise<void> {
  let answer: unknown;
  try {
    answer = await late.answer;
  } catch (error) {
    writeFailure(context, late, error);
    return;
  }
  writeAnswer(context, late, answer);
}

/** Writes the reply to a command that the store has answered. */
export function writeAnswer(context: Context, late: LateAnswer, answer: unknown): void {
  const { reply } = context;
  const before = reply.written;
  let failed = false;
  try {
    late.entry.write?.(reply, answer);
  } catch (error) {
    failed = true;
    replyError(context, error, before, late.entry);
  }
  finishLate(context, late, failed);
}

/** Writes the error of a command that the store has refused or could not answer. */
export function writeFailure(context: Context, late: LateAnswer, error: unknown): void {
  replyError(context, error, context.reply.written, late.entry);
  finishLate(context, late, true);
}

function finishLate(context: Context, { entry, request, started }: LateAnswer, failed: boolean): void {
  const { clock, statistics } = context.server;
  recordTime(context, entry, request, statistics.record(entry, clock.now() - started, failed));
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
  // The time for which it waits for others is not its own, and MONITOR shows that it waits.
  const isBlocked = context.client.blocked !== undefined;
  if (isBlocked) feedMonitors(context, entry, request);
  let failed = false;
  try {
    await running;
  } catch (error) {
    failed = true;
    replyError(context, error, before, entry);
  }
  if (isBlocked) recordTime(context, entry, request, statistics.record(entry, 0, failed));
  else record(context, entry, request, statistics.record(entry, clock.now() - started, failed));
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
  const { code, text } = error instanceof CodedError ? error : INTERNAL;
  if (!(error instanceof CodedError)) server.reportFault(error);
  countError(server.counters, code);
  if (server.log.isOn('debug')) logError(context, code, entry);
  reply.error(text);
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
