import type { FunctionCall } from './function-call.js';
import { StoreError } from './nodes.js';
import type { Partition } from './partition.js';
import { codeOf } from './refusal.js';

/** How often calls that wait for their partition are retried, in ms. A refused call waits at least as long. */
const RETRY_INTERVAL = 25;

/** What sends calls that have waited, or gives them up. */
export interface CallSender {
  /** @param call Its partition has a primary that is connected. */
  send(call: FunctionCall): void;
  fail(call: FunctionCall, error: StoreError): void;
}

/**
 * The calls that wait for their partition: until a primary can run them, or until earlier calls have been answered,
 * which they must not overtake. While one call of a partition waits, later ones wait too.
 */
export class HeldCalls {
  readonly #sender: CallSender;
  readonly #timeout: number;
  readonly #byPartition = new Map<Partition, FunctionCall[]>();
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** @param timeout A call that waits for this many ms is given up. */
  constructor(sender: CallSender, timeout: number) {
    this.#sender = sender;
    this.#timeout = timeout;
  }

  get isEmpty(): boolean {
    return this.#byPartition.size === 0;
  }

  /** Holds a call until it can be sent. */
  hold(call: FunctionCall): void {
    if (this.#isClosed) {
      const message = 'respite is shutting down. The operation has not run.';
      this.#sender.fail(call, new StoreError('TRYAGAIN', message, false));
      return;
    }
    this.#callsOf(call.partition).push(call);
  }

  /** Holds a call for a moment, and then until it can be sent. @param refusal Why, if a node has refused it. */
  holdAWhile(call: FunctionCall, refusal?: string): void {
    const { partition } = call;
    partition.heldUntil = performance.now() + RETRY_INTERVAL;
    if (refusal !== undefined) partition.refusal = refusal;
    this.hold(call);
  }

  /** Makes the next calls of a partition wait until those that are on their way have been answered. */
  holdNext(partition: Partition): void {
    this.#callsOf(partition);
  }

  #callsOf(partition: Partition): FunctionCall[] {
    let calls = this.#byPartition.get(partition);
    if (calls === undefined) {
      calls = [];
      this.#byPartition.set(partition, calls);
      partition.isHeld = true;
    }
    this.#timer ??= setInterval(this.#retry, RETRY_INTERVAL);
    return calls;
  }

  readonly #retry = (): void => {
    const now = performance.now();
    for (const [partition, calls] of this.#byPartition) {
      this.#giveUpOld(calls, now);
      this.#release(partition, now);
    }
  };

  /** Sends what waits, wherever that is possible. Call this when primaries have changed. */
  releaseAll(): void {
    const now = performance.now();
    for (const partition of this.#byPartition.keys()) this.#release(partition, now);
  }

  /** Sends what waits for a partition, if that is possible. Call this when its last call on the way was answered. */
  release(partition: Partition): void {
    this.#release(partition, performance.now());
  }

  #release(partition: Partition, now: number): void {
    const { primary } = partition;
    const calls = this.#byPartition.get(partition);
    if (calls === undefined || partition.heldUntil > now) return;
    // Calls that are still on their way may come back, and were made earlier.
    if (partition.inFlight > 0 || (calls.length > 0 && primary?.connection === undefined)) return;
    this.#byPartition.delete(partition);
    partition.isHeld = false;
    partition.refusal = '';
    calls.sort((a, b) => a.madeAt - b.madeAt);
    for (const call of calls) this.#sender.send(call);
    if (this.#byPartition.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Gives up calls that have waited too long. They have not run. */
  #giveUpOld(calls: FunctionCall[], now: number): void {
    const isOld = (call: FunctionCall) => now - call.madeAt >= this.#timeout;
    if (!calls.some(isOld)) return;
    const old = calls.filter(isOld);
    const rest = calls.filter((call) => !isOld(call));
    calls.splice(0, calls.length, ...rest);
    for (const call of old) this.#giveUp(call);
  }

  #giveUp(call: FunctionCall): void {
    const { refusal, primary } = call.partition;
    const code = codeOf(refusal) === 'CLUSTERDOWN' ? 'CLUSTERDOWN' : 'TRYAGAIN';
    const reason = refusal || (primary === undefined ? 'no node serves it' : (primary.failure ?? 'it is busy'));
    const message = `The store cannot run this now (${reason}). The operation has not run.`;
    this.#sender.fail(call, new StoreError(code, message, false));
  }

  /** Gives up all calls, and holds none from now on. */
  close(): void {
    this.#isClosed = true;
    clearInterval(this.#timer);
    for (const call of [...this.#byPartition.values()].flat()) this.#giveUp(call);
    this.#byPartition.clear();
  }
}
