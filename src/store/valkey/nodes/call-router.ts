import { setTimeout as sleep } from 'node:timers/promises';
import { DurationHistogram } from '../../../duration-histogram.js';
import { type CallOutcomes, FunctionCall } from './function-call.js';
import { type Argument, type NodesOptions, type Reply, StoreError } from './nodes.js';
import { Partition } from './partition.js';
import type { Primaries } from './primaries.js';
import type { Primary } from './primary.js';
import { answeredError, codeOf, newAddress, refusalOf } from './refusal.js';
import { bulkString, RequestBytes } from './request-bytes.js';

/** How often calls that wait for their partition are retried, in ms. */
const RETRY_INTERVAL = 25;

/** Sends each call to the primary of its partition, and again if it could not run there. */
export class CallRouter implements CallOutcomes {
  /** How long the answered calls took. */
  readonly times = new DurationHistogram();
  /** How many calls have failed with a StoreError. */
  failures = 0;
  readonly #primaries: Primaries;
  readonly #options: NodesOptions;
  readonly #onStale: () => void;
  readonly #partitions: Partition[] = [];
  readonly #functions = new Map<string, EncodedFunction>();
  /** Encodes calls while their partition has no primary. */
  readonly #spareBytes = new RequestBytes();
  /** The calls that wait for their partition. */
  readonly #held = new Map<Partition, FunctionCall[]>();
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** @param onStale Called when the known primaries may be out of date. */
  constructor(primaries: Primaries, options: NodesOptions, onStale: () => void) {
    this.#primaries = primaries;
    this.#options = options;
    this.#onStale = onStale;
  }

  call(index: number, fn: string, args: readonly Argument[]): Promise<Reply> {
    const partition = this.partition(index);
    const encoded = this.#functions.get(fn) ?? this.#encode(fn);
    const { primary } = partition;
    const encoder = primary?.bytes ?? this.#spareBytes;
    // FCALL, the function, the number of keys, the key, the arguments.
    const start = encoder.append(encoded.start + partition.encodedKeys, 4, args);
    const call = new FunctionCall(this, partition, encoder.chunk, start, encoder.end, encoded);
    if (partition.isHeld || primary?.connection === undefined) this.#hold(call);
    else this.#send(call, primary);
    return call.answer;
  }

  partition(index: number): Partition {
    let partition = this.#partitions[index];
    if (partition === undefined) {
      partition = new Partition(this.#options.prefix, index);
      partition.primary = this.#primaries.ofSlot(partition.slot);
      this.#partitions[index] = partition;
    }
    return partition;
  }

  #encode(fn: string): EncodedFunction {
    const { library } = this.#options;
    const encoded = {
      start: bulkString('FCALL') + bulkString(library.prefix + fn),
      isRead: library.reads.has(fn),
      isTransaction: fn === 'exec' || fn === 'execless',
    };
    this.#functions.set(fn, encoded);
    return encoded;
  }

  /** Waits until each call has been answered or given up. */
  async drain(): Promise<void> {
    const isIdle = () => this.#held.size === 0 && this.#partitions.every((partition) => partition.inFlight === 0);
    while (!isIdle()) await sleep(RETRY_INTERVAL);
  }

  /** Returns the base key of a partition on a primary, if any partition there has been used. */
  aKeyAt(primary: Primary): string | undefined {
    return this.#partitions.find((partition) => partition?.primary === primary)?.base;
  }

  #send(call: FunctionCall, primary: Primary): void {
    call.partition.inFlight += 1;
    primary.send(call);
  }

  #hold(call: FunctionCall): void {
    const { partition } = call;
    if (this.#isClosed) {
      this.#fail(call, new StoreError('TRYAGAIN', 'respite is shutting down. The operation has not run.', false));
      return;
    }
    partition.isHeld = true;
    const calls = this.#held.get(partition);
    if (calls === undefined) this.#held.set(partition, [call]);
    else calls.push(call);
    this.#timer ??= setInterval(this.#retry, RETRY_INTERVAL);
  }

  readonly #retry = (): void => {
    const now = performance.now();
    for (const [partition, calls] of this.#held) {
      this.#expire(calls, now);
      if (partition.heldUntil <= now) this.#release(partition);
    }
  };

  /** Sends the calls to a partition that had to wait, in the order in which they were made. */
  #release(partition: Partition): void {
    const { primary } = partition;
    const calls = this.#held.get(partition);
    // Calls that are still on their way may come back, and were made earlier.
    if (calls === undefined || partition.inFlight > 0 || (calls.length > 0 && primary?.connection === undefined))
      return;
    this.#held.delete(partition);
    partition.isHeld = false;
    partition.refusal = '';
    calls.sort((a, b) => a.madeAt - b.madeAt);
    for (const call of calls) this.#send(call, primary as Primary);
    if (this.#held.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Gives up calls that have waited too long. They have not run. */
  #expire(calls: FunctionCall[], now: number): void {
    const { timeout } = this.#options;
    const isOver = (call: FunctionCall) => now - call.madeAt >= timeout;
    if (!calls.some(isOver)) return;
    const over = calls.filter(isOver);
    const rest = calls.filter((call) => !isOver(call));
    calls.splice(0, calls.length, ...rest);
    for (const call of over) this.#fail(call, this.#notRun(call.partition));
  }

  #notRun({ refusal, primary }: Partition): StoreError {
    const code = codeOf(refusal) === 'CLUSTERDOWN' ? 'CLUSTERDOWN' : 'TRYAGAIN';
    const reason = refusal || (primary === undefined ? 'no node serves it' : (primary.failure ?? 'it is busy'));
    return new StoreError(code, `The store cannot run this now (${reason}). The operation has not run.`, false);
  }

  /** Call this when the primaries may have changed or become ready. */
  reassign(): void {
    for (const partition of this.#partitions) {
      if (partition === undefined) continue;
      const primary = this.#primaries.ofSlot(partition.slot);
      if (primary === partition.primary) continue;
      partition.primary = primary;
      // Later calls must not overtake those that are on their way to the old one.
      if (partition.inFlight > 0) this.#waitForAnswers(partition);
    }
    for (const partition of [...this.#held.keys()])
      if (partition.heldUntil <= performance.now()) this.#release(partition);
  }

  #waitForAnswers(partition: Partition): void {
    partition.isHeld = true;
    if (!this.#held.has(partition)) this.#held.set(partition, []);
    this.#timer ??= setInterval(this.#retry, RETRY_INTERVAL);
  }

  // The outcomes of calls.

  succeeded(call: FunctionCall, reply: Reply): void {
    const { primary } = call.partition;
    if (primary !== undefined && primary.failure !== undefined && primary.connection !== undefined)
      primary.failure = undefined;
    this.#leave(call);
    this.times.record(performance.now() - call.madeAt);
    call.fulfil(call.isTransaction ? withErrors(reply) : reply);
  }

  refused(call: FunctionCall, error: string): void {
    const { partition } = call;
    const { primary } = partition;
    switch (refusalOf(error)) {
      case 'answer':
        this.#leave(call);
        this.times.record(performance.now() - call.madeAt);
        call.fail(answeredError(error));
        return;
      case 'moved':
        this.#primaries.move(partition.slot, newAddress(error, primary?.host ?? ''));
        this.#hold(call);
        this.reassign();
        this.#onStale();
        break;
      case 'unknown function':
        this.#later(call, error);
        void primary?.prepareAgain();
        break;
      case 'later':
        this.#later(call, error);
        if (primary !== undefined && codeOf(error) !== 'ASK') primary.failure = error;
        this.#onStale();
        break;
    }
    this.#leave(call);
  }

  /** Sends a call that could not run again after a while. */
  #later(call: FunctionCall, error: string): void {
    const { partition } = call;
    partition.heldUntil = performance.now() + RETRY_INTERVAL;
    partition.refusal = error;
    this.#hold(call);
  }

  lost(call: FunctionCall, reason: string): void {
    this.#leave(call);
    const message = `The store did not answer (${reason}). The operation may have run.`;
    this.#fail(call, new StoreError('TRYAGAIN', message, true));
  }

  lackedReplicas(call: FunctionCall, replicas: number): void {
    this.#leave(call);
    const message = `The operation has run, but only ${replicas} of ${this.#options.wait} replicas have acknowledged it.`;
    this.#fail(call, new StoreError('NOREPLICAS', message, true));
  }

  givenBack(call: FunctionCall): void {
    call.partition.heldUntil = performance.now() + RETRY_INTERVAL;
    this.#hold(call);
    this.#leave(call);
  }

  #leave({ partition }: FunctionCall): void {
    partition.inFlight -= 1;
    if (partition.isHeld && partition.inFlight === 0 && partition.heldUntil <= performance.now())
      this.#release(partition);
  }

  #fail(call: FunctionCall, error: StoreError): void {
    this.failures += 1;
    call.fail(error);
  }

  /** Gives up all waiting calls, and lets none wait from now on. */
  close(): void {
    this.#isClosed = true;
    clearInterval(this.#timer);
    for (const call of [...this.#held.values()].flat()) this.#fail(call, this.#notRun(call.partition));
    this.#held.clear();
  }
}

interface EncodedFunction {
  /** FCALL and the name of the function, as they are sent. */
  readonly start: string;
  readonly isRead: boolean;
  readonly isTransaction: boolean;
}

/** Returns the replies of a transaction, with errors that mean something to clients. */
function withErrors(reply: Reply): Reply {
  if (!Array.isArray(reply)) return reply;
  return (reply as unknown[]).map((one) => (one instanceof Error ? answeredError(one.message) : (one as Reply)));
}
