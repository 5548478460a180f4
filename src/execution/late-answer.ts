import type { CommandEntry } from '../commands/declaration/command-entry.js';
import type { Request } from '../resp/request.js';

/** A command that has asked a store which answers later. Its reply is written then. */
export class LateAnswer {
  readonly entry: CommandEntry;
  readonly answer: Promise<unknown>;
  /** When the command asked, in ms. */
  readonly started: number;
  /** The length of the request in bytes. */
  readonly bytes: number;
  /** Whether the client's next requests may run before the command is answered. */
  readonly runsAhead: boolean;
  /** A copy of the request, if it may have to be recorded. */
  readonly request: Request | undefined;

  constructor(
    entry: CommandEntry,
    answer: Promise<unknown>,
    { started, bytes, runsAhead, request }: Pick<LateAnswer, 'started' | 'bytes' | 'runsAhead' | 'request'>,
  ) {
    this.entry = entry;
    this.answer = answer;
    this.started = started;
    this.runsAhead = runsAhead;
    this.bytes = bytes;
    this.request = request;
  }
}

/** Returns whether the client's next requests may run before the command is answered. */
export function runsAhead({ ask, inSteps }: CommandEntry, request: Request): boolean {
  return ask !== undefined && (inSteps === undefined || (inSteps !== true && !inSteps(request)));
}

/** How a command is running: it has ended, or has to wait, or is answered later. */
export type Running = void | Promise<void> | LateAnswer;
