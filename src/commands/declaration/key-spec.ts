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
  /** Whether the argument before the first key says how many there are. */
  readonly isCounted: boolean;
}

/** The name of an argument that says how many keys follow. */
export const NUMKEYS = 'numkeys';

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
    isCounted: args[index - 1]?.name === NUMKEYS,
  };
}

function isKey(argument: Argument | undefined): boolean {
  return argument?.type === 'key' || argument?.type === 'token';
}

/** Returns the keys among the words of a request. */
export function keysIn(spec: KeySpec, request: readonly Slice[]): readonly Slice[] {
  const { from, keyword, until, more, step, isCounted } = spec;
  if (isCounted) {
    const count = Number(request[from - 1]?.latin1());
    return count > 0 && from + count <= request.length ? request.slice(from, from + count) : [];
  }
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

/** Returns whether the first key has no fixed position, or the number of keys follows from the request. */
export function isMovable({ keyword, isCounted }: KeySpec): boolean {
  return keyword !== undefined || isCounted;
}

/** Writes first key, last key and step, the older form in COMMAND INFO. They are 0 if the positions are not fixed. */
export function writePositions(reply: ReplyEncoder, spec: KeySpec | undefined): void {
  const fixed = spec !== undefined && !isMovable(spec);
  reply.integer(fixed ? spec.from : 0);
  reply.integer(fixed ? (spec.more === Infinity ? -1 : spec.from + spec.more) : 0);
  reply.integer(fixed ? spec.step : 0);
}

/** What a command does with its keys, in the words of Redis. */
export function keyFlags(writes: boolean): readonly string[] {
  return writes ? ['RW', 'access', 'update'] : ['RO', 'access'];
}

export function writeKeySpec(reply: ReplyEncoder, spec: KeySpec, writes: boolean): void {
  const { from, keyword, more, step, isCounted } = spec;
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
    reply.integer(isCounted ? from - 1 : from);
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
  const numbers = isCounted
    ? ({ keynumidx: 0, firstkey: 1, keystep: step } as const)
    : ({ lastkey: more === Infinity ? -1 : more, keystep: step, limit: 0 } as const);
  reply.bulk(isCounted ? 'keynum' : 'range');
  reply.bulk('spec');
  reply.map(3);
  for (const [name, value] of Object.entries(numbers)) {
    reply.bulk(name);
    reply.integer(value);
  }
}
