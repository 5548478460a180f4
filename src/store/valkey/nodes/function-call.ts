import type { Reply } from './nodes.js';
import type { Partition } from './partition.js';
import { Request } from './request.js';

/** Handles the outcomes of calls. `Request` explains them. */
export interface CallOutcomes {
  succeeded(call: FunctionCall, reply: Reply): void;
  refused(call: FunctionCall, error: string): void;
  lost(call: FunctionCall, reason: string): void;
  lackedReplicas(call: FunctionCall, replicas: number): void;
  givenBack(call: FunctionCall): void;
}

/** A call of a function, or another command, on the primary of a partition. */
export class FunctionCall extends Request {
  readonly partition: Partition;
  /** Whether its reply is an array that may have errors in it. */
  readonly isTransaction: boolean;
  readonly answer: Promise<Reply>;
  fulfil!: (reply: Reply) => void;
  fail!: (error: Error) => void;
  readonly #outcomes: CallOutcomes;

  constructor(
    outcomes: CallOutcomes,
    partition: Partition,
    bytes: Buffer,
    start: number,
    end: number,
    { isRead, isTransaction }: { isRead: boolean; isTransaction: boolean },
  ) {
    super(bytes, start, end, isRead);
    this.#outcomes = outcomes;
    this.partition = partition;
    this.isTransaction = isTransaction;
    this.answer = new Promise((resolve, reject) => {
      this.fulfil = resolve;
      this.fail = reject;
    });
  }

  succeed(reply: Reply): void {
    this.#outcomes.succeeded(this, reply);
  }

  refuse(error: string): void {
    this.#outcomes.refused(this, error);
  }

  lose(reason: string): void {
    this.#outcomes.lost(this, reason);
  }

  lackReplicas(replicas: number): void {
    this.#outcomes.lackedReplicas(this, replicas);
  }

  giveBack(): void {
    this.#outcomes.givenBack(this);
  }
}
