import { type Extend, MAX_SECONDS, type NewSession } from '../../engine/index.js';
import { CodedError } from '../../errors.js';
import { inSlices } from '../../execution/in-slices.js';
import { Slice } from '../../slice.js';
import type { Arguments, Expected } from '../arguments/arguments.js';
import { type Option, orOptions, readOptions } from '../arguments/options.js';
import type { Command } from '../declaration/command.js';
import { DELETE_SESSION, NAME, PAIRS, TTL } from './grammar.js';

const EXTEND = { GET: 'get', SET: 'set', BOTH: 'both' } as const satisfies Record<string, Extend>;

export const sessionNew: Command = {
  name: 'session.new',
  summary: 'Creates a session and returns its token.',
  complexity:
    'O(N), where N is the number of keys in DATA; with LIMIT also O(M), where M is the number of sessions that it ends',
  group: 'session',
  flags: ['write', 'denyoom', 'fast'],
  arity: -2,
  arguments: [
    NAME,
    {
      name: 'expiry',
      type: 'block',
      optional: true,
      arguments: [TTL, DELETE_SESSION],
    },
    { name: 'shared', type: 'pure-token', token: 'SHARED', optional: true },
    {
      name: 'extend',
      type: 'oneof',
      token: 'EXTEND',
      optional: true,
      arguments: [
        { name: 'get', type: 'pure-token', token: 'GET' },
        { name: 'set', type: 'pure-token', token: 'SET' },
        { name: 'both', type: 'pure-token', token: 'BOTH' },
      ],
    },
    { name: 'seconds', type: 'integer', token: 'MAXAGE', optional: true },
    { name: 'count', type: 'integer', token: 'LIMIT', optional: true },
    { name: 'token', type: 'token', token: 'TOKEN', optional: true },
    { name: 'data', type: 'block', token: 'DATA', optional: true, arguments: [PAIRS] },
  ],
  reply: 'the token',
  run(context, args) {
    const { engine, reply } = context;
    const name = args.slice();
    const settings = readSettings(args);
    const { limit } = settings;
    const isLowered = limit !== undefined && engine.countOf(name) > limit + MANY;
    const session = engine.create(name, isLowered ? { ...settings, limit: Infinity } : settings);
    reply.bulk(engine.tokenBytes(session));
    if (isLowered) return inSlices(context, engine.limiting(Slice.of(name.copy()), limit));
  },
};

/** If the number of sessions with the name exceeds LIMIT by more than this, the surplus is ended in slices. */
const MANY = 512;

type Settings = { -readonly [Key in keyof NewSession]: NewSession[Key] };

const OPTIONS: readonly Option<Settings>[] = [
  {
    word: 'DATA',
    read(settings, args) {
      settings.data = args.pairs();
    },
  },
  {
    word: 'EXTEND',
    read(settings, args) {
      settings.extend = EXTEND[args.choice('GET', 'SET', 'BOTH')];
    },
  },
  {
    word: 'MAXAGE',
    read(settings, args) {
      settings.maxAgeMs = args.time(MAX_SECONDS, MAXAGE) * 1000;
    },
  },
  {
    word: 'LIMIT',
    read(settings, args) {
      settings.limit = args.integer(1, MAX_SECONDS, LIMIT);
    },
  },
  {
    word: 'TOKEN',
    read(settings, args) {
      settings.token = args.slice();
    },
  },
  {
    word: 'SHARED',
    read(settings) {
      settings.shared = true;
    },
  },
];

const OR_OPTIONS = orOptions(OPTIONS);

// What errors say. Made once, because making them for each request would slow logins down by a quarter.
const MAXAGE: Expected = { name: 'MAXAGE', unit: 'seconds' };
const LIMIT: Expected = { name: 'LIMIT' };
const TTL_OR_OPTION: Expected = { name: TTL.name, unit: TTL.unit, orElse: OR_OPTIONS };
const DELETE_SESSION_OR_OPTION: Expected = { name: DELETE_SESSION.name, orElse: OR_OPTIONS };

function readSettings(args: Arguments): NewSession {
  const settings: Settings = {};
  let option = args.option(OPTIONS);
  if (option === undefined && args.left > 0) {
    settings.duration = args.time(MAX_SECONDS, TTL_OR_OPTION) * 1000;
    option = args.option(OPTIONS);
    if (option === undefined && args.left > 0) {
      settings.deleteSession = args.boolean(DELETE_SESSION_OR_OPTION);
      option = args.option(OPTIONS);
    }
  }
  readOptions(args, OPTIONS, OR_OPTIONS, settings, option);
  if (settings.extend !== undefined && !settings.duration) {
    throw new CodedError('ERR', 'syntax error: EXTEND needs a ttl of at least 1, because it restarts the ttl');
  }
  if (settings.shared && (settings.limit !== undefined || settings.token !== undefined)) {
    throw new CodedError('ERR', 'syntax error: SHARED cannot be combined with LIMIT or TOKEN');
  }
  return settings;
}
