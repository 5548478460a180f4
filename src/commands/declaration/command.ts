import type { Context } from '../../execution/context/context.js';
import type { Request } from '../../resp/request.js';
import type { Arguments } from '../arguments/arguments.js';

/**
 * A command: what it is called, what it takes, what it does. This one object feeds dispatch, arity
 * errors, COMMAND INFO and DOCS (from which redis-cli makes its hints), SESSION.HELP and docs/commands.md.
 */
export interface Command {
  /** Lower case; of a subcommand only its own part (`get` of CONFIG GET). */
  readonly name: string;
  readonly summary: string;
  readonly complexity: string;
  readonly group: Group;
  readonly flags: readonly CommandFlag[];
  /** Words of a request, the name included (two of a subcommand); negative: at least so many. As in COMMAND INFO. */
  readonly arity: number;
  /** The words beyond the arity come in pairs of key and value: without its value a key counts as a missing argument. */
  readonly pairs?: true;
  /** In order: for COMMAND DOCS and help. Where the keys of a request are follows from their types. */
  readonly arguments: readonly Argument[];
  /** What it replies, in a few words, for docs/commands.md. */
  readonly reply: string;
  readonly subcommands?: readonly Command[];
  /**
   * The most bytes of memory that a request may add, if that is not about the length of the request. `copy`: as much as a key that it names
   * holds. 0: none, although the command takes memory as a rule (`denyoom`).
   */
  readonly growth?: 'copy' | ((request: Request) => number);
  /** Inside MULTI it runs at once instead of waiting for EXEC. */
  readonly immediate?: true;
  /** If it is refused the transaction is over, as after it has run. */
  readonly endsTransaction?: true;
  /** It may be called by a RESP2 client that subscribes to something. */
  readonly whileSubscribed?: true;
  /**
   * Left out where only the subcommands do something.
   *
   * Reads its arguments, acts, writes one reply. A command that has to wait returns a promise and
   * writes its reply before it resolves; the client's next command runs after it.
   * @throws CodedError, which becomes the reply, instead of what was written so far. Anything else that it throws is a fault of ours: it is
   *   logged, and the client is only told that there was one.
   */
  run?(context: Context, args: Arguments): void | Promise<void>;
}

export type Group =
  | 'session'
  | 'session-data'
  | 'generic'
  | 'string'
  | 'hash'
  | 'pubsub'
  | 'transactions'
  | 'connection'
  | 'server';

/**
 * As in COMMAND INFO. `no_auth`: may be called before the client has authenticated. The permission that a
 * command needs follows from `admin`, `pubsub`, `write` and `readonly`.
 */
export type CommandFlag =
  | 'write'
  | 'readonly'
  | 'denyoom'
  | 'admin'
  | 'pubsub'
  | 'no_multi'
  | 'skip_monitor'
  | 'skip_slowlog'
  | 'fast'
  | 'loading'
  | 'stale'
  | 'no_auth'
  | 'allow_busy';

/** As in COMMAND DOCS. */
export interface Argument {
  readonly name: string;
  /** `key` is a key, `token` a session's token (or a key as well): what a proxy may route by. COMMAND DOCS calls both keys. */
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
  /** The word that introduces it. */
  readonly token?: string;
  readonly optional?: true;
  readonly multiple?: true;
  /** The members of a `oneof` or a `block`. */
  readonly arguments?: readonly Argument[];
}

/** The arguments as a person reads them: `name [ttl [deleteSession]] [SHARED]`. */
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
