import type { Context } from '../../execution/context/context.js';
import type { ReplyEncoder } from '../../resp/reply-encoder.js';
import type { Request } from '../../resp/request.js';
import type { Answer } from '../../store/answer.js';
import type { SessionStore } from '../../store/session-store.js';
import type { Arguments } from '../arguments/arguments.js';

/**
 * A command: its name, its arguments and what it does. Dispatch, arity errors, COMMAND INFO and DOCS (and so
 * redis-cli's hints), SESSION.HELP and docs/commands.md are all made from it.
 */
export interface Command {
  /** In lower case. For a subcommand, only its own part: `get` for CONFIG GET. */
  readonly name: string;
  readonly summary: string;
  readonly complexity: string;
  readonly group: Group;
  readonly flags: readonly CommandFlag[];
  /**
   * The number of words in a request, including the name (two words for a subcommand). Negative for a minimum. As in
   * COMMAND INFO.
   */
  readonly arity: number;
  /**
   * The words beyond the arity are pairs of key and value. A key without a value makes the number of arguments wrong.
   */
  readonly pairs?: true;
  /** In order, for COMMAND DOCS and help. Their types say where the keys of a request are. */
  readonly arguments: readonly Argument[];
  /** What it replies, in a few words, for docs/commands.md. */
  readonly reply: string;
  readonly subcommands?: readonly Command[];
  /**
   * The most bytes of memory that a request may add, if that differs from the length of the request. `copy`: as much as
   * the largest key in the request, for each key from the second on. 0: none, although other requests of the command
   * may add some (`denyoom`).
   */
  readonly growth?: 'copy' | ((request: Request) => number);
  /**
   * It works only on sessions in memory. The text says what to use if a store outside of this process has them. Not
   * needed for commands on plain keys, which are those of the groups `generic`, `string`, `hash`, `set`,
   * `sorted-set` and `json`.
   */
  readonly onlyInMemory?: string;
  /** It runs at once inside MULTI, instead of being queued. */
  readonly immediate?: true;
  /** It ends the transaction even if it is refused. */
  readonly endsTransaction?: true;
  /**
   * As in Redis, CLIENT PAUSE WRITE holds it back and read-only scripts may not call it, although it is no write: a
   * script may write, a message reaches other clients.
   */
  readonly countsAsWrite?: true;
  /** A RESP2 client with subscriptions may call it. */
  readonly whileSubscribed?: true;
  /**
   * Reads the arguments, does the work and writes one reply. Omitted if only the subcommands do something. A command
   * that has to wait returns a promise and writes its reply before the promise resolves; the client's next command runs
   * after that.
   * @throws CodedError, which becomes the reply and replaces what was written. Any other error is a fault: it is
   *   logged, and the reply is `ERR internal error`.
   */
  run?(context: Context, args: Arguments): void | Promise<void>;
  /**
   * Instead of `run`: reads the arguments and asks the store of sessions. `write` is called with the answer.
   * @param isUse Whether the command counts as use of the sessions that it reads and writes.
   * @throws CodedError as `run`.
   */
  ask?(store: SessionStore, args: Arguments, isUse: boolean): Answer<unknown>;
  /** Writes the result of `ask` as one reply. */
  write?(reply: ReplyEncoder, result: unknown): void;
  /**
   * Whether `ask` may take several steps. Then the client's later requests wait for its answer. For other commands, a
   * store that answers later keeps their order by itself.
   */
  readonly inSteps?: true | ((request: Request) => boolean);
}

export type Group =
  | 'session'
  | 'session-data'
  | 'generic'
  | 'string'
  | 'hash'
  | 'set'
  | 'sorted-set'
  | 'stream'
  | 'json'
  | 'pubsub'
  | 'transactions'
  | 'scripting'
  | 'connection'
  | 'server';

/**
 * As in COMMAND INFO. With `no_auth`, a client need not be authenticated. The permission that a command needs follows
 * from these: `admin`, `pubsub`, `write` and `readonly`.
 */
export type CommandFlag =
  | 'write'
  | 'readonly'
  | 'denyoom'
  | 'admin'
  | 'pubsub'
  | 'no_multi'
  | 'noscript'
  | 'blocking'
  | 'skip_monitor'
  | 'skip_slowlog'
  | 'fast'
  | 'loading'
  | 'stale'
  | 'no_auth'
  | 'allow_busy'
  | 'no_mandatory_keys';

/**
 * What a command does with a key, in the words of COMMAND INFO and GETKEYSANDFLAGS: whether it reads, replaces or only
 * removes the value, and whether it uses, changes, adds to or removes from the data.
 */
export type KeyUse =
  | 'RO'
  | 'RO access'
  | 'RW access update'
  | 'RW access delete'
  | 'RW update'
  | 'RW insert'
  | 'RW delete'
  | 'OW update'
  | 'OW insert'
  | 'RM delete';

/** As in COMMAND DOCS. */
export interface Argument {
  readonly name: string;
  /**
   * `key` is a key, `token` is a session's token or a key. A proxy may route by either, and COMMAND DOCS calls both
   * keys.
   */
  readonly type:
    | 'key'
    | 'token'
    | 'string'
    | 'integer'
    | 'double'
    | 'unix-time'
    | 'pattern'
    | 'pure-token'
    | 'oneof'
    | 'block';
  /**
   * What the command does with it. By default `RO access`, or `RW access update` if the command has the flag `write`.
   */
  readonly use?: KeyUse;
  /** The word that introduces it. */
  readonly token?: string;
  readonly optional?: true;
  readonly multiple?: true;
  /** The members of a `oneof` or a `block`. */
  readonly arguments?: readonly Argument[];
}

/** Returns the arguments as people read them: `name [ttl [deleteSession]] [SHARED]`. */
export function usageOf(args: readonly Argument[]): string {
  return args.map(usageOfOne).join(' ');
}

function usageOfOne(argument: Argument): string {
  const { name, type, token, optional, multiple } = argument;
  const members = argument.arguments?.map(usageOfOne) ?? [];
  const value = type === 'oneof' ? members.join('|') : type === 'block' ? members.join(' ') : name;
  let usage = type === 'pure-token' ? (token ?? name) : token === undefined ? value : `${token} ${value}`;
  if (multiple) usage += ` [${value} ...]`;
  return optional ? `[${usage}]` : usage;
}
