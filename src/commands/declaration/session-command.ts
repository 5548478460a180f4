import type { ReplyEncoder } from '../../resp/reply-encoder.js';
import type { Answer } from '../../store/answer.js';
import type { SessionStore } from '../../store/session-store.js';
import type { Arguments } from '../arguments/arguments.js';
import type { Command } from './command.js';

/** A command of SESSION: what it asks of the store of sessions, and how the result becomes the reply. */
export interface SessionCommand<Result> extends Omit<Command, 'run' | 'ask' | 'write'> {
  /** See `Command.ask`. */
  ask(store: SessionStore, args: Arguments, isUse: boolean): Answer<Result>;
  /** See `Command.write`. */
  write(reply: ReplyEncoder, result: Result): void;
}

/** Declares a command of SESSION. Checks that `write` takes what `ask` returns. */
export function sessionCommand<Result>(command: SessionCommand<Result>): Command {
  return command;
}
