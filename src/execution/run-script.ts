import { Arguments } from '../commands/arguments/arguments.js';
import { type CommandEntry, takesWords } from '../commands/declaration/command-entry.js';
import { CodedError, cannotRunWritingScript, ForeignError, OUT_OF_MEMORY } from '../errors.js';
import { ReplyEncoder } from '../resp/reply-encoder.js';
import type { Request } from '../resp/request.js';
import { ScriptError } from '../scripting/machine.js';
import type { ScriptHost, ScriptLogLevel, Verdict } from '../scripting/script-host.js';
import type { Script } from '../scripting/scripts.js';
import { callWithinScript, countError } from './call.js';
import type { ScriptCall } from './context/client.js';
import type { Execution } from './execution.js';
import { takesMemory } from './growth.js';
import { clientFields, clientText } from './observing/client-text.js';

/**
 * Runs a script for a client: at once, with the client's permissions, and with one timestamp for all its commands. What
 * it writes is one batch of the journal. Writes its result as the reply.
 * @throws CodedError if it may not run, or fails. What it has written until then stays.
 */
export function runScript(execution: Execution, script: Script, call: ScriptCall): void {
  new ScriptRun(execution, script, call.isReadOnly).run(call);
}

/** Where the replies to the commands of scripts are written. One script runs at a time. */
const replies = new ReplyEncoder();

class ScriptRun implements ScriptHost {
  readonly reply = replies;
  readonly #execution: Execution;
  /** What the script's commands run with. */
  readonly #inner: Execution;
  readonly #script: Script;
  readonly #args = new Arguments();
  readonly #started: number;
  readonly #isReadOnly: boolean;
  readonly #hasRoom: boolean;
  /** When the latest command of the script ended, in ms. */
  #mark: number;
  #hasWritten = false;

  constructor(execution: Execution, script: Script, isReadOnly: boolean) {
    const { engine, server, storeAtOnce } = execution;
    this.#execution = execution;
    this.#inner = { ...execution, reply: replies, store: storeAtOnce };
    this.#script = script;
    this.#started = server.clock.now();
    this.#mark = this.#started;
    this.#isReadOnly = isReadOnly || script.flags?.noWrites === true;
    this.#hasRoom = engine.makeRoom();
    this.#refuse(isReadOnly);
  }

  run({ keys, args }: ScriptCall): void {
    const { client, reply, server, transaction } = this.#execution;
    const { machine, reference } = server.scripts.prepare(this.#script);
    const { executing } = transaction;
    const { database } = client;
    // No command of the script may let others run in between.
    transaction.executing = true;
    try {
      machine.start(reference, keys, args, this);
      machine.resume(this.#script.sha);
      machine.write(reply, (text) => this.#writeError(text));
    } catch (error) {
      throw error instanceof ScriptError ? new ForeignError(error.message) : error;
    } finally {
      transaction.executing = executing;
      client.database = database;
      machine.end();
      replies.take();
      replies.sent();
      server.scripts.release();
    }
  }

  call(request: Request): string | undefined {
    const entry = this.#find(request);
    if (typeof entry === 'string') return entry;
    const refusal = this.#refusalOf(entry, request);
    if (refusal !== undefined) {
      this.#execution.server.statistics.rejected(entry);
      return refusal;
    }
    if (entry.writes) this.#hasWritten = true;
    this.#mark = callWithinScript(this.#inner, this.#args, entry, request, this.#mark);
    return undefined;
  }

  mayRun(request: Request): boolean | undefined {
    const entry = this.#find(request);
    if (typeof entry === 'string') return undefined;
    return this.#refusalOfUser(entry) === undefined;
  }

  log(level: ScriptLogLevel, text: string): void {
    const { client, server } = this.#execution;
    if (!server.log.isOn(level)) return;
    const shown = Buffer.from(text, 'latin1').toString();
    server.log[level](`a script of ${clientText(client)} says: ${shown}`, { event: 'script', ...clientFields(client) });
  }

  judge(): Verdict {
    const { clock, config } = this.#execution.server;
    const limit = config['busy-reply-threshold'];
    if (limit === 0) return 'continue';
    return clock.now() - this.#started < limit ? 'continue' : 'stop';
  }

  get stopReason(): string {
    const limit = this.#execution.server.config['busy-reply-threshold'];
    return `the script was stopped, because it ran for more than ${limit} ms (busy-reply-threshold)`;
  }

  /** @throws CodedError if the flags of the script say that it may not run now. */
  #refuse(isReadOnlyCall: boolean): void {
    const { flags } = this.#script;
    if (flags === undefined) return;
    if (!flags.allowOom && !this.#hasRoom) throw OUT_OF_MEMORY;
    if (flags.noWrites) return;
    const failure = this.#execution.server.gate?.refusalOf(ANY_WRITE);
    if (failure !== undefined) throw cannotRunWritingScript(failure);
    if (isReadOnlyCall) throw new CodedError('ERR', 'Can not execute a script with write flag using *_ro command.');
  }

  /** Returns the command of a request, or why there is none. */
  #find(request: Request): CommandEntry | string {
    const entry = this.#execution.commands.find(request.word(0));
    if (entry === undefined) return UNKNOWN;
    if (request.length === 1 || entry.subcommands.size === 0)
      return takesWords(entry, request.length) ? entry : WRONG_NUMBER;
    const subcommand = entry.subcommands.get(request.word(1).latin1().toLowerCase());
    if (subcommand === undefined) return UNKNOWN;
    return takesWords(subcommand, request.length) ? subcommand : WRONG_NUMBER;
  }

  #refusalOf(entry: CommandEntry, request: Request): string | undefined {
    if (entry.notInScript) return 'ERR This Redis command is not allowed from script';
    const ofUser = this.#refusalOfUser(entry);
    if (ofUser !== undefined) return ofUser;
    if (entry.writes && this.#isReadOnly) return 'ERR Write commands are not allowed from read-only scripts.';
    const { server } = this.#execution;
    const failure = server.gate?.refusalOf(entry);
    if (failure !== undefined) return failure.text;
    // A script that has written is not stopped half-way.
    const mayGrow = this.#hasRoom || this.#hasWritten || this.#script.flags?.allowOom === true;
    if (!mayGrow && takesMemory(entry, request)) return OUT_OF_MEMORY.text;
    return undefined;
  }

  #refusalOfUser({ fullName, needs, needsAuth }: CommandEntry): string | undefined {
    const { client, server } = this.#execution;
    if (!needsAuth || client.user === undefined || (needs & ~client.user.permissions) === 0) return undefined;
    server.counters.deniedCommands++;
    return `ERR ACL failure in script: User ${client.user.name} has no permissions to run the '${fullName}' command`;
  }

  #writeError(text: string): void {
    countError(this.#execution.server.counters, new ForeignError(text).code);
    this.#execution.reply.error(text);
  }
}

const UNKNOWN = 'ERR Unknown Redis command called from script';
const WRONG_NUMBER = 'ERR Wrong number of args calling Redis command from script';

/** What a gate must let pass before a script that may write begins. */
const ANY_WRITE = { writes: true, whileLoading: true, whileBusy: true, onlyInMemory: undefined } as const;
