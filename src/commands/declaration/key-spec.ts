import type { ReplyEncoder } from '../../resp/reply-encoder.js';
import type { Slice } from '../../slice.js';
import type { Argument, Command } from './command.js';

/**
 * Where tokens and keys are in a request. Cluster-aware clients and proxies route by them. It is derived from the
 * declaration, and COMMAND INFO shows it as a key specification.
 */
export interface KeySpec {
  /**
   * The position of the first key, where the command's name is at 0. With a keyword: where the search for it starts.
   */
  readonly from: number;
  /** The word before the key, if the key has no fixed position. */
  readonly keyword: string | undefined;
  /** The words that end the search for the keyword, because data follows them. */
  readonly until: ReadonlySet<string>;
  /** How many arguments after the first key may contain other keys; Infinity for all. */
  readonly more: number;
  /** The distance between two keys: 2 if there are values between them. */
  readonly step: number;
}

/** Returns undefined if the command takes no keys. @param nameWords Words in the command's name: 2 for a subcommand. */
export function keySpecOf({ arguments: args }: Command, nameWords: number): KeySpec | undefined {
  const index = args.findIndex((argument) => isKey(argument) || isKey(argument.arguments?.[0]));
  if (index < 0) return undefined;
  const { token, multiple = false, arguments: members = [] } = args[index];
  // Options come in any order after the required arguments.
  const required = args.filter(({ optional }) => !optional).length;
  const until = new Set(args.flatMap(({ type, token: word }) => (type === 'block' && word ? [word] : [])));
  const others = args.slice(index + 1).findIndex((argument) => !isKey(argument));
  return {
    from: nameWords + (token === undefined ? index : required),
    keyword: token,
    until,
    more: multiple ? Infinity : token === undefined ? (others < 0 ? args.length - index - 1 : others) : 0,
    step: Math.max(1, members.length),
  };
}

function isKey(argument: Argument | undefined): boolean {
  return argument?.type === 'key' || argument?.type === 'token';
}

/** Returns the keys among the words of a request. */
export function keysIn({ from, keyword, until, more, step }: KeySpec, request: readonly Slice[]): readonly Slice[] {
  if (keyword === undefined) {
    return request.slice(from, from + more + 1).filter((_, place) => place % step === 0);
  }
  for (let at = from; at < request.length; at++) {
    const word = request[at].latin1().toUpperCase();
    if (word === keyword) return request.slice(at + 1, at + 2);
    if (until.has(word)) break;
  }
  return [];
}

/** Writes first key, last key and step, the older form in COMMAND INFO. They are 0 if the key has no fixed position. */
export function writePositions(reply: ReplyEncoder, spec: KeySpec | undefined): void {
  const fixed = spec !== undefined && spec.keyword === undefined;
  reply.integer(fixed ? spec.from : 0);
  reply.integer(fixed ? (spec.more === Infinity ? -1 : spec.from + spec.more) : 0);
  reply.integer(fixed ? spec.step : 0);
}

/** What a command does with its keys, in the words of Redis. */
export function keyFlags(writes: boolean): readonly string[] {
  return writes ? ['RW', 'access', 'update'] : ['RO', 'access'];
}

export function writeKeySpec(reply: ReplyEncoder, { from, keyword, more, step }: KeySpec, writes: boolean): void {
  reply.map(3);
  reply.bulk('flags');
  const flags = [...keyFlags(writes)];
  // The keyword may also occur as a key or a value of DATA.
  if (keyword !== undefined) flags.push('incomplete');
  reply.set(flags.length);
  for (const flag of flags) reply.simple(flag);
  reply.bulk('begin_search');
  reply.map(2);
  reply.bulk('type');
  reply.bulk(keyword === undefined ? 'index' : 'keyword');
  reply.bulk('spec');
  if (keyword === undefined) {
    reply.map(1);
    reply.bulk('index');
    reply.integer(from);
  } else {
    reply.map(2);
    reply.bulk('keyword');
    reply.bulk(keyword);
    reply.bulk('startfrom');
    reply.integer(from);
  }
  reply.bulk('find_keys');
  reply.map(2);
  reply.bulk('type');
  reply.bulk('range');
  reply.bulk('spec');
  reply.map(3);
  reply.bulk('lastkey');
  reply.integer(more === Infinity ? -1 : more);
  reply.bulk('keystep');
  reply.integer(step);
  reply.bulk('limit');
  reply.integer(0);
}
