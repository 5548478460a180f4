import { Failure, type Reply, Status, show } from '../tools/replies.js';
import { LEX_KEY, LONGEST_KEY } from './chooser.js';
import type { Request } from './sequence.js';

export interface KnownDifference {
  /** Why respite has another reply. */
  readonly reason: string;
  /** The page of differences does not list it: it is random, or follows a later version of Redis. */
  readonly isObvious?: true;
  /** Whether a difference is this one. It must be narrow, so that it hides no other. */
  readonly matches: (request: Request, respite: Reply, redis: Reply) => boolean;
  /** The servers have different data from then on, so the rest of the sequence is not compared. */
  readonly isLasting: boolean;
}

const isError = (reply: Reply, text: RegExp) => reply instanceof Failure && text.test(reply.text);
const isText = (reply: Reply) => typeof reply === 'string' || reply instanceof Status;
const named = (request: Request, ...words: readonly string[]) =>
  words.every((word, i) => request[i]?.toUpperCase() === word);

/** In ms: the 142,000 years within which a key can expire. */
const FAR = 2n ** 52n;
const ms = (text: string, perUnit: bigint) => (/^\d{1,19}$/.test(text) ? BigInt(text) * perUnit : 0n);
const isTime = ([name]: Request) => /^P?(TTL|EXPIRETIME)$/i.test(name);
/** As a reply in either unit. */
const isFar = (reply: Reply) => Number(reply) > Number(FAR) / 1001;
const hasFarTime = (request: Request) => request.some((word) => ms(word, 1000n) > FAR);
/** Whether it is 0 or 1: GT and LT compare far times. */
const isCount = (reply: Reply) => [0, 1].includes(Number(reply)) && reply !== null && reply !== '';

/** Returns a reply with every -0 as 0, also at the end of a member. */
const withoutMinus = (reply: Reply) => show(reply).replace(/-0(?![.\d])/g, '0');

/** What respite replies differently, on purpose. docs/differences-from-redis.md lists it. */
export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  {
    reason: 'A key is 1 to 512 bytes, because it is the name of a session. It cannot be empty in database 0.',
    matches: (request, respite) => request.includes('') && isError(respite, /^ERR a name must be 1 to 512 bytes long$/),
    isLasting: true,
  },
  {
    reason: 'A key of another database than 0 is shorter, because the database is part of the name.',
    matches: (request, respite) =>
      request.includes(LONGEST_KEY) && isError(respite, /^ERR a name must be 1 to 512 bytes long$/),
    isLasting: true,
  },
  {
    reason: 'SWAPDB is refused, because it would have to rename every key.',
    matches: (request, respite, redis) =>
      named(request, 'SWAPDB') && isError(respite, /^ERR SWAPDB is not supported/) && redis instanceof Failure,
    isLasting: false,
  },
  {
    reason: 'SWAPDB is refused, because it would have to rename every key.',
    matches: (request, respite) => named(request, 'SWAPDB') && isError(respite, /^ERR SWAPDB is not supported/),
    isLasting: true,
  },
  {
    reason: 'A key expires within 142,000 years. A later time is cut to this limit.',
    matches: (request, respite, redis) =>
      isTime(request) ? isFar(respite) && isFar(redis) : hasFarTime(request) && isCount(respite) && isCount(redis),
    isLasting: false,
  },
  {
    reason: 'A score of -0 is stored as 0, as in small sorted sets of Redis.',
    matches: (_, respite, redis) => withoutMinus(redis) === withoutMinus(respite),
    isLasting: false,
  },
  {
    reason: 'What a range of bytes contains is not specified, as in Redis, if the members have different scores.',
    matches: (request, respite, redis) =>
      (/BYLEX|^ZLEXCOUNT/i.test(request[0]) ||
        (/^Z/i.test(request[0]) && request.some((word) => word.toUpperCase() === 'BYLEX'))) &&
      request[/STORE$/i.test(request[0]) ? 2 : 1] !== LEX_KEY &&
      ![respite, redis].some((reply) => reply instanceof Failure),
    isLasting: true,
  },
  {
    reason: 'SPOP removes random members.',
    isObvious: true,
    matches: (request, respite, redis) =>
      named(request, 'SPOP') && request.length === 2 && [respite, redis].every((reply) => typeof reply === 'string'),
    isLasting: true,
  },
  {
    reason: 'ZRANK and ZREVRANK have the option WITHSCORE of Redis 7.2.',
    isObvious: true,
    matches: (request, _, redis) =>
      (named(request, 'ZRANK') || named(request, 'ZREVRANK')) &&
      request.length > 3 &&
      isError(redis, /^ERR wrong number of arguments/),
    isLasting: true,
  },
  {
    reason: 'COMMAND GETKEYS and GETKEYSANDFLAGS take a command without arguments, as in Redis 7.2.',
    isObvious: true,
    matches: (request, respite, redis) =>
      named(request, 'COMMAND') &&
      request.length === 3 &&
      isError(respite, /^ERR (Invalid number of arguments specified for|The) command/) &&
      isError(redis, /^ERR wrong number of arguments for 'command\|getkeys/),
    isLasting: false,
  },
  {
    reason: 'OBJECT ENCODING returns the encoding of Redis that is closest to what respite uses.',
    matches: (request, respite, redis) =>
      named(request, 'OBJECT', 'ENCODING') && [respite, redis].every((reply) => isText(reply)),
    isLasting: false,
  },
  {
    reason: 'Commands for streams work on the event stream only.',
    matches: (_, respite) => isError(respite, /^ERR (there are no streams but|__session__ is the only stream)/),
    isLasting: false,
  },
  {
    reason: 'Redis makes room for COUNT ids before XAUTOCLAIM looks for any.',
    isObvious: true,
    matches: (request, _, redis) =>
      named(request, 'XAUTOCLAIM') && isError(redis, /^ERR Insufficient memory, .* COUNT too high/),
    isLasting: true,
  },
  {
    reason: 'XREAD takes + for the last entry, as in Redis 7.4, and errors of XREAD are those of Redis 7.4.',
    isObvious: true,
    matches: (request, respite, redis) =>
      /^XREAD/i.test(request[0]) &&
      ((request.includes('+') && isError(redis, /^ERR Invalid stream ID/)) ||
        [respite, redis].every((reply) => isError(reply, /^ERR Unbalanced /))),
    isLasting: false,
  },
  {
    reason:
      'ACL CAT lists only the categories that respite has commands in, and ACL LIST shows users as Redis 7.2 does.',
    matches: (request, respite, redis) =>
      (named(request, 'ACL', 'CAT') || named(request, 'ACL', 'LIST')) && [respite, redis].every(Array.isArray),
    isLasting: false,
  },
  {
    reason: 'CONFIG SET says which values an option may have.',
    matches: (_, respite, redis) => [respite, redis].every((reply) => isError(reply, /^ERR CONFIG SET failed /)),
    isLasting: false,
  },
  {
    reason: 'Errors do not repeat anything that may be a credential.',
    matches: (_, respite, redis) => [respite, redis].every((reply) => isError(reply, /^ERR unknown argument: /)),
    isLasting: false,
  },
  {
    reason: 'Errors do not repeat anything that may be a credential.',
    matches: (_, respite, redis) =>
      ['unknown subcommand', 'Unrecognized XCLAIM option'].some((error) =>
        [respite, redis].every((reply) => isError(reply, new RegExp(`^ERR ${error} '`))),
      ),
    isLasting: false,
  },
];
