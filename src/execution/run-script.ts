import { Arguments } from '../commands/arguments/arguments.js';
import { type CommandEntry, calledOf, takesWords } from '../commands/declaration/command-entry.js';
import { BUSY, CodedError, cannotRunWritingScript, ForeignError, OUT_OF_MEMORY } from '../errors.js';
import { OutputLimitError, ReplyEncoder } from '../resp/reply-encoder.js';
import type { Request } from '../resp/request.js';
import type { Machine } from '../scripting/machine.js';
import type { NextStep, ScriptHost, ScriptLogLevel } from '../scripting/script-host.js';
import { MOST_SCRIPT_BYTES, type Script } from '../scripting/scripts.js';
import { callWithinScript, countError } from './call.js';
import type { ScriptCall } from './context/client.js';
import type { Gate } from './context/gate.js';
import type { Execution } from './execution.js';
import { reasonFor } from './foreign-commands.js';
import { takesMemory } from './growth.js';
import { clientFields, clientText } from './observing/client-text.js';

/**
 * Runs a script for a client: at once, with the client's permissions, and with one timestamp for all its commands. What
 * it writes is one batch of the journal. Writes its result as the reply.
 *
 * A script that runs for too long is stopped. If it has written, it pauses at intervals instead, and other clients get
 * the error BUSY.
 * @returns A promise if it pauses.
 * @throws CodedError if it may not run, or fails. What it has written until then stays.
 */
export function runScript(execution: Execution, script: Script, call: ScriptCall): void | Promise<void> {
  return new ScriptRun(execution, script, call.isReadOnly).run(call);
}

/** Where the replies to the commands of scripts are written. One script runs at a time. */
const replies = new ReplyEncoder({ maxBytes: MOST_SCRIPT_BYTES });

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
  readonly #machine: Machine;
  readonly #reference: number;
  /** The server's gate before BUSY_GATE replaces it, if there is one. */
  readonly #gate: Gate | undefined;
  /** The state of the client to restore when the script ends. SELECT applies only within it. */
  readonly #before: { readonly database: number; readonly executing: boolean };
  /** The time at which all its commands happen, in ms. */
  readonly #timestamp: number;
  /** When the latest command of the script ended, in ms. */
  #mark: number;
  /** When it began or, after a pause, went on, in ms. */
  #sliceStarted: number;
  #hasWritten = false;

  constructor(execution: Execution, script: Script, isReadOnly: boolean) {
    const { client, engine, server, storeAtOnce, transaction } = execution;
    this.#execution = execution;
    this.#inner = { ...execution, reply: replies, store: storeAtOnce };
    this.#script = script;
    this.#gate = server.gate;
    this.#started = server.clock.now();
    this.#sliceStarted = this.#started;
    this.#mark = this.#started;
    this.#timestamp = server.statistics.timestamp;
    this.#isReadOnly = isReadOnly || script.flags?.noWrites === true;
    this.#hasRoom = engine.makeRoom();
    this.#refuse(isReadOnly);
    const { machine, reference } = server.scripts.prepare(script);
    this.#machine = machine;
    this.#reference = reference;
    this.#before = { database: client.database, executing: transaction.executing };
  }

  run({ keys, args }: ScriptCall): void | Promise<void> {
    const { server, transaction } = this.#execution;
    // Within a transaction, its changes are in the same batch.
    if (!transaction.executing) server.durability?.mark();
    // No command of the script may let others run in between.
    transaction.executing = true;
    try {
      this.#machine.start(this.#reference, keys, args, this);
      if (!this.#advance()) return this.#goOnLater();
    } catch (error) {
      this.#end();
      throw error;
    }
    this.#end();
  }

  /** Runs the script until it ends or pauses. Returns whether it has ended; its reply is then written. */
  #advance(): boolean {
    if (!this.#machine.resume(this.#script.sha)) return false;
    this.#machine.write(this.#execution.reply, (text) => this.#writeError(text));
    return true;
  }

  /**
   * Runs the rest of a script that has paused. Between its slices, other clients get the error BUSY. Nothing else
   * changes sessions meanwhile, and the time of the script does not advance.
   */
  async #goOnLater(): Promise<void> {
    const { engine, server } = this.#execution;
    const { clock, durability, scripts, statistics } = server;
    server.gate = BUSY_GATE;
    scripts.isPaused = true;
    engine.hold();
    durability?.hold();
    server.log.warning(
      `a script of ${clientText(this.#execution.client)} has run for more than ${this.#limit} ms and has written, so it is not stopped: other clients get the error BUSY`,
      { event: 'busy', ...clientFields(this.#execution.client) },
    );
    try {
      for (let ended = false; !ended; ) {
        await new Promise(setImmediate);
        this.#sliceStarted = clock.now();
        this.#mark = this.#sliceStarted;
        statistics.beginAt(this.#timestamp);
        try {
          ended = this.#advance();
        } finally {
          statistics.end();
        }
      }
    } finally {
      durability?.release();
      engine.release();
      scripts.isPaused = false;
      server.gate = this.#gate;
      this.#end();
    }
  }

  #end(): void {
    const { client, server, transaction } = this.#execution;
    transaction.executing = this.#before.executing;
    client.database = this.#before.database;
    this.#machine.end();
    replies.take();
    replies.sent();
    server.scripts.release();
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
    try {
      this.#mark = callWithinScript(this.#inner, this.#args, entry, request, this.#mark);
    } catch (error) {
      if (!(error instanceof OutputLimitError)) throw error;
      replies.rewind();
      return TOO_LARGE;
    }
    return undefined;
  }

  get isOverdue(): boolean {
    // One that has written pauses at the next call of the hook.
    const limit = this.#limit;
    return !this.#hasWritten && limit > 0 && this.#mark - this.#started >= limit;
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

  nextStep(mayPause: boolean): NextStep {
    const { clock, isStopping } = this.#execution.server;
    const limit = this.#limit;
    const now = clock.now();
    if (limit === 0 || now - this.#started < limit) return 'continue';
    if (!this.#hasWritten || isStopping) return 'stop';
    const inSlice = now - this.#sliceStarted;
    if (mayPause) return this.#sliceStarted === this.#started || inSlice >= SLICE_MS ? 'pause' : 'continue';
    return inSlice < 2 * limit ? 'continue' : 'stop';
  }

  get #limit(): number {
    return this.#execution.server.config['busy-reply-threshold'];
  }

  get stopReason(): string {
    const limit = this.#limit;
    if (this.#execution.server.isStopping) return 'the script was stopped, because the server is shutting down.';
    if (!this.#hasWritten)
      return `the script was stopped after ${limit} ms (busy-reply-threshold). It had written nothing.`;
    return `the script was stopped in the middle of its changes, which stay: it did not leave pcall, a coroutine or a callback for ${2 * limit} ms, so other clients could not be served.`;
  }

  /** @throws CodedError if the flags of the script say that it may not run now. */
  #refuse(isReadOnlyCall: boolean): void {
    const { flags } = this.#script;
    if (flags === undefined) return;
    if (!flags.allowOom && !this.#hasRoom) throw OUT_OF_MEMORY;
    if (flags.noWrites) return;
    const failure = this.#gate?.refusalOf(ANY_WRITE);
    if (failure !== undefined) throw cannotRunWritingScript(failure);
    if (isReadOnlyCall) throw new CodedError('ERR', 'Can not execute a script with write flag using *_ro command.');
  }

  /** Returns the command of a request, or why there is none. */
  #find(request: Request): CommandEntry | string {
    const command = this.#execution.commands.find(request.word(0));
    const entry = command && calledOf(command, request);
    if (entry === undefined) return unknown(request);
    return takesWords(entry, request.length) ? entry : WRONG_NUMBER;
  }

  #refusalOf(entry: CommandEntry, request: Request): string | undefined {
    if (entry.notInScript) return 'ERR This Redis command is not allowed from script';
    const ofUser = this.#refusalOfUser(entry);
    if (ofUser !== undefined) {
      const { client, server } = this.#execution;
      server.counters.deniedCommands++;
      server.aclLog.add('command', entry.fullName, client.user?.name ?? '', client, true);
      return ofUser;
    }
    if (entry.countsAsWrite && this.#isReadOnly) return 'ERR Write commands are not allowed from read-only scripts.';
    const failure = this.#gate?.refusalOf(entry);
    if (failure !== undefined) return failure.text;
    // A script that has written is not stopped half-way.
    const mayGrow = this.#hasRoom || this.#hasWritten || this.#script.flags?.allowOom === true;
    if (!mayGrow && takesMemory(entry, request)) return OUT_OF_MEMORY.text;
    return undefined;
  }

  #refusalOfUser({ fullName, needs, needsAuth }: CommandEntry): string | undefined {
    const { client } = this.#execution;
    if (!needsAuth || client.user === undefined || (needs & ~client.user.permissions) === 0) return undefined;
    return `ERR ACL failure in script: User ${client.user.name} has no permissions to run the '${fullName}' command`;
  }

  #writeError(text: string): void {
    countError(this.#execution.server.counters, new ForeignError(text).code);
    this.#execution.reply.error(text);
  }
}

const TOO_LARGE = `ERR the reply takes more memory than a script can have: ${MOST_SCRIPT_BYTES} bytes`;
/** Redis' error, with what respite lacks if that is why. */
function unknown(request: Request): string {
  const reason = reasonFor(request.word(0).latin1().toLowerCase());
  return `ERR Unknown Redis command called from script${reason === undefined ? '' : `: ${reason}`}`;
}

const WRONG_NUMBER = 'ERR Wrong number of args calling Redis command from script';

/** What a gate must let pass before a script that may write begins. */
const ANY_WRITE = { writes: true, whileLoading: true, whileBusy: true, onlyInMemory: undefined } as const;

/** A script that pauses runs for this many ms at a time. */
const SLICE_MS = 50;

/** Keeps commands out while a script has run for too long. */
const BUSY_GATE: Gate = { refusalOf: ({ whileBusy }) => (whileBusy ? undefined : BUSY) };
