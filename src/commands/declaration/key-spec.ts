import type { ReplyEncoder } from '../../resp/reply-encoder.js';
import type { Slice } from '../../slice.js';
import type { Argument, Command } from './command.js';

/**
 * Where an argument's tokens or keys are in a request. Cluster-aware clients and proxies route by them. It is derived
 * from the declaration, and COMMAND INFO shows it as a key specification.
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
  /** Whether all arguments from the first key on may contain keys, instead of only this one. */
  readonly isMultiple: boolean;
  /** How many arguments follow the last of several keys. */
  readonly after: number;
  /** The distance between two keys: 2 if there are values between them. */
  readonly step: number;
  /** Whether the first half of these arguments are keys, and the second half belongs to them. */
  readonly isHalved: boolean;
  /** Whether the argument before the first key says how many there are. */
  readonly isCounted: boolean;
  /** Whether the request may have no such key. */
  readonly isOptional: boolean;
  /** What the command does with them: the words of a `KeyUse`. */
  readonly flags: readonly string[];
}

/** The name of an argument that says how many keys follow. */
export const NUMKEYS = 'numkeys';

/**
 * Returns a specification for each argument that is a token or a key.
 * @param nameWords Words in the command's name: 2 for a subcommand.
 */
export function keySpecsOf({ arguments: args, flags }: Command, nameWords: number): readonly KeySpec[] {
  // Options come in any order after the required arguments.
  const required = args.filter(({ optional }) => !optional);
  const until = new Set(
    args.flatMap(({ type, token: word, optional }) => (type === 'block' && word && optional ? [word] : [])),
  );
  return args.flatMap((argument, index) => {
    const { token, multiple = false, optional = false, arguments: members = [] } = argument;
    const key = [argument, members[0]].find(isKey);
    if (key === undefined) return [];
    const isHalved = key !== argument && key.multiple === true;
    const use = key.use ?? (flags.includes('write') ? 'RW access update' : 'RO access');
    return {
      from: nameWords + (token === undefined ? index : wordsOf(required.filter((other) => other !== argument))),
      keyword: token,
      until,
      isMultiple: multiple || isHalved,
      after: args.slice(index + 1).filter((next) => !next.optional).length,
      step: isHalved ? 1 : Math.max(1, members.length),
      isHalved,
      isCounted: args[index - 1]?.name === NUMKEYS,
      isOptional: optional,
      flags: use.split(' '),
    };
  });
}

/** Returns how many words arguments have that are given once, with the words that introduce blocks. */
function wordsOf(args: readonly Argument[]): number {
  return args.reduce((words, { token, arguments: members = [] }) => {
    return words + (token === undefined ? 1 : 1 + members.length);
  }, 0);
}

function isKey(argument: Argument | undefined): boolean {
  return argument?.type === 'key' || argument?.type === 'token';
}

/** Returns the keys among the words of a request. */
export function keysIn(specs: readonly KeySpec[], request: readonly Slice[]): readonly Slice[] {
  return specs.length === 1 ? keysOfOne(specs[0], request) : specs.flatMap((spec) => keysOfOne(spec, request));
}

/** A key of a request, and what the command does with it: the words of a `KeyUse`. */
export interface FoundKey {
  readonly key: Slice;
  readonly flags: readonly string[];
}

/** As `keysIn`, with what the command does with each. */
export function foundKeys(specs: readonly KeySpec[], request: readonly Slice[]): readonly FoundKey[] {
  return specs.flatMap((spec) => keysOfOne(spec, request).map((key) => ({ key, flags: spec.flags })));
}

/** Returns whether the numbers of keys in a request are possible. */
export function hasValidNumbers(specs: readonly KeySpec[], request: readonly Slice[]): boolean {
  return specs.every(
    (spec) => spec.isOptional || !(spec.isCounted || spec.isHalved) || keysOfOne(spec, request).length > 0,
  );
}

function keysOfOne(spec: KeySpec, request: readonly Slice[]): readonly Slice[] {
  const { from, keyword, until, isMultiple, isHalved, after, step, isCounted } = spec;
  if (keyword === undefined) {
    const number = isCounted ? Number(request[from - 1]?.latin1()) : 1;
    const end = isMultiple && !isCounted ? request.length - after : from + number * step;
    // Also if there is no number.
    if (!(end > from && end <= request.length)) return [];
    return request.slice(from, end).filter((_, place) => place % step === 0);
  }
  for (let at = from; at < request.length; at++) {
    const word = request[at].latin1().toUpperCase();
    if (word === keyword) return isHalved ? firstHalf(request.slice(at + 1)) : request.slice(at + 1, at + 2);
    if (until.has(word)) break;
  }
  return [];
}

function firstHalf(words: readonly Slice[]): readonly Slice[] {
  return words.slice(0, Math.floor(words.length / 2));
}

/** Returns whether the first key has no fixed position, or the number of keys follows from the request. */
export function isMovable({ keyword, isCounted }: KeySpec): boolean {
  return keyword !== undefined || isCounted;
}

/**
 * Writes first key, last key and step, the older form in COMMAND INFO: of the keys with a fixed position. They are 0 if
 * there are none.
 */
export function writePositions(reply: ReplyEncoder, specs: readonly KeySpec[]): void {
  const fixed = specs.filter((spec) => !isMovable(spec));
  const last = fixed.at(-1);
  reply.integer(last === undefined ? 0 : fixed[0].from);
  reply.integer(last === undefined ? 0 : last.isMultiple ? -1 - last.after : last.from);
  reply.integer(last?.step ?? 0);
}

export function writeKeySpec(reply: ReplyEncoder, spec: KeySpec): void {
  const { from, keyword, isMultiple, isHalved, after, step, isCounted, isOptional } = spec;
  reply.map(3);
  reply.bulk('flags');
  // The keyword of an option may also occur as a key or a value of DATA.
  reply.statuses(keyword === undefined || !isOptional ? spec.flags : [...spec.flags, 'incomplete']);
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
    : ({ lastkey: isMultiple ? -1 - after : 0, keystep: step, limit: isHalved ? 2 : 0 } as const);
  reply.bulk(isCounted ? 'keynum' : 'range');
  reply.bulk('spec');
  reply.map(3);
  for (const [name, value] of Object.entries(numbers)) {
    reply.bulk(name);
    reply.integer(value);
  }
}
