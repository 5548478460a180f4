import { Slice } from '../../../slice.js';
import type { IndexedSession, Plan } from '../names/creation.js';
import type { Argument, Calls, Reply } from '../nodes/nodes.js';

/** A step of a transaction: a call, or the creation of a session, whose call is known only at the end. */
export type Step = Call | CreateStep;

interface Call {
  readonly partition: number;
  readonly fn: string;
  readonly args: readonly Argument[];
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: unknown) => void;
}

interface CreateStep {
  readonly plan: Plan;
  /** Undefined if the session may be in any partition. */
  readonly partition: number | undefined;
  readonly resolve: (indexed: IndexedSession) => void;
  readonly reject: (error: unknown) => void;
}

/** Collects the calls of a transaction. Their promises are settled when it is over. */
export class Recorder implements Calls {
  readonly steps: Step[] = [];

  call(partition: number, fn: string, args: readonly Argument[]): Promise<Reply> {
    const copies = args.map(copyOf);
    return new Promise((resolve, reject) => this.steps.push({ partition, fn, args: copies, resolve, reject }));
  }

  /** Records that a session is to be created. The promise resolves when it has been. */
  create(plan: Plan, partition: number | undefined): Promise<IndexedSession> {
    return new Promise((resolve, reject) => this.steps.push({ plan, partition, resolve, reject }));
  }
}

/** Copies an argument, because its bytes may be valid only during the call. */
function copyOf(argument: Argument): Argument {
  if (argument instanceof Slice) return argument.copy();
  return typeof argument === 'object' ? Buffer.from(argument) : argument;
}
