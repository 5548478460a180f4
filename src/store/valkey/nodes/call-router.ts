import { setTimeout as sleep } from 'node:timers/promises';
import { DurationHistogram } from '../../../duration-histogram.js';
import { type CallOutcomes, FunctionCall } from './function-call.js';
import { HeldCalls } from './held-calls.js';
import { type Argument, type NodesOptions, type Reply, StoreError } from './nodes.js';
import { Partition } from './partition.js';
import type { Primaries } from './primaries.js';
import type { Primary } from './primary.js';
import { answeredError, codeOf, newAddress, refusalOf } from './refusal.js';
import { bulkString, RequestBytes } from './request-bytes.js';

/** While the router closes, it checks this often whether all calls have been answered, in ms. */
const CLOSING_INTERVAL = 25;

/** Sends each call to the primary of its partition, and does what its outcome requires. */
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
  readonly #held: HeldCalls;

  /** @param onStale Called when the known primaries may be out of date. */
  constructor(primaries: Primaries, options: NodesOptions, onStale: () => void) {
    this.#primaries = primaries;
    this.#options = options;
    this.#onStale = onStale;
    this.#held = new HeldCalls(
      { send: (call) => this.#send(call), fail: (call, error) => this.#fail(call, error) },
      options.timeout,
    );
  }

  call(index: number, fn: string, args: readonly Argument[]): Promise<Reply> {
    const partition = this.partition(index);
    const encoded = this.#functions.get(fn) ?? this.#encode(fn);
    // FCALL, the function, the number of keys, the key, the arguments.
    return this.#request(partition, encoded.start + partition.encodedKeys, 4, args, encoded);
  }

  /** See `Nodes`. */
  command(index: number, words: readonly Argument[], isRead: boolean): Promise<Reply> {
    return this.#request(this.partition(index), '', 0, words, { isRead, isTransaction: false });
  }

  /** @param start Its first words, encoded. @param startCount How many these are. */
  #request(
    partition: Partition,
    start: string,
    startCount: number,
    args: readonly Argument[],
    kind: Pick<EncodedFunction, 'isRead' | 'isTransaction'>,
  ): Promise<Reply> {
    const { primary } = partition;
    const encoder = primary?.bytes ?? this.#spareBytes;
    const from = encoder.append(start, startCount, args);
    const call = new FunctionCall(this, partition, encoder.chunk, from, encoder.end, kind);
    if (partition.isHeld || primary?.connection === undefined) this.#held.hold(call);
    else this.#send(call);
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

  /** Waits until each call has been answered or given up, but not longer than a call may take: more may be made. */
  async drain(): Promise<void> {
    const end = performance.now() + this.#options.timeout;
    while (!this.#isIdle && performance.now() < end) await sleep(CLOSING_INTERVAL);
  }

  get #isIdle(): boolean {
    return this.#held.isEmpty && this.#partitions.every((partition) => partition.inFlight === 0);
  }

  /** Returns the base key of a partition on a primary, if any partition there has been used. */
  aKeyAt(primary: Primary): string | undefined {
    return this.#partitions.find((partition) => partition?.primary === primary)?.base;
  }

  /** @param call Its partition has a primary. */
  #send(call: FunctionCall): void {
    const { partition } = call;
    partition.inFlight += 1;
    (partition.primary as Primary).send(call);
  }

  /** Call this when the primaries may have changed or become ready. */
  reassign(): void {
    for (const partition of this.#partitions) {
      if (partition === undefined) continue;
      const primary = this.#primaries.ofSlot(partition.slot);
      if (primary === partition.primary) continue;
      partition.primary = primary;
      // Later calls must not overtake those that are on their way to the old one.
      if (partition.inFlight > 0) this.#held.holdNext(partition);
    }
    this.#held.releaseAll();
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
        this.#held.hold(call);
        this.reassign();
        this.#onStale();
        break;
      case 'unknown function':
        this.#held.holdAWhile(call, error);
        void primary?.prepareAgain();
        break;
      case 'later':
        this.#held.holdAWhile(call, error);
        if (primary !== undefined && codeOf(error) !== 'ASK') primary.failure = error;
        this.#onStale();
        break;
    }
    this.#leave(call);
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
    this.#held.holdAWhile(call);
    this.#leave(call);
  }

  #leave({ partition }: FunctionCall): void {
    partition.inFlight -= 1;
    if (partition.isHeld && partition.inFlight === 0) this.#held.release(partition);
  }

  #fail(call: FunctionCall, error: StoreError): void {
    this.failures += 1;
    call.fail(error);
  }

  /** Gives up all waiting calls, and lets none wait from now on. */
  close(): void {
    this.#held.close();
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
