import { type Extend, MAX_SECONDS } from '../../engine/index.js';
import { CodedError } from '../../errors.js';
import type { Request } from '../../resp/request.js';
import type { Settings } from '../../store/session-store.js';
import { type Arguments, type Expected, spells } from '../arguments/arguments.js';
import { type Option, orOptions, readOptions } from '../arguments/options.js';
import { sessionCommand } from '../declaration/session-command.js';
import { DELETE_SESSION, NAME, PAIRS, TTL } from './grammar.js';

const EXTEND = { GET: 'get', SET: 'set', BOTH: 'both' } as const satisfies Record<string, Extend>;

export const sessionNew = sessionCommand({
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
  inSteps: namesOthers,
  ask: (store, args) => store.create(args.slice(), readSettings(args)),
  write: (reply, token) => reply.bulk(token),
});

/** Whether a request may be about sessions that the client's other requests are about too: LIMIT, SHARED, TOKEN. */
function namesOthers(request: Request): boolean {
  for (let i = 2; i < request.length; i++) {
    const word = request.word(i);
    if (spells(word, 'DATA')) return false;
    for (const other of OTHERS) if (spells(word, other)) return true;
  }
  return false;
}

const OTHERS = ['LIMIT', 'SHARED', 'TOKEN'] as const;

type Writable = { -readonly [Key in keyof Settings]: Settings[Key] };

const OPTIONS: readonly Option<Writable>[] = [
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

function readSettings(args: Arguments): Settings {
  const settings: Writable = {};
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
