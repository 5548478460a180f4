import { type Extend, MAX_SECONDS, type NewSession } from '../../engine/index.js';
import type { Arguments } from '../arguments.js';
import type { Command } from '../command.js';
import { CommandError, SYNTAX } from '../command-error.js';
import { DELETE_SESSION, NAME, PAIRS } from './grammar.js';

const EXTEND = { GET: 'get', SET: 'set', BOTH: 'both' } as const satisfies Record<string, Extend>;

export const sessionNew: Command = {
  name: 'session.new',
  summary: 'Creates a session.',
  complexity: 'O(N) with N keys in DATA; with LIMIT also O(M) with M sessions of the name',
  group: 'session',
  flags: ['write', 'denyoom', 'fast'],
  arguments: [
    NAME,
    {
      name: 'expiry',
      type: 'block',
      optional: true,
      arguments: [{ name: 'ttl', type: 'integer' }, DELETE_SESSION],
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
    { name: 'token', type: 'key', token: 'TOKEN', optional: true },
    { name: 'data', type: 'block', token: 'DATA', optional: true, arguments: [PAIRS] },
  ],
  reply: 'token',
  run({ engine, reply }, args) {
    const name = args.bytes();
    reply.bulk(engine.token(engine.create(name, readSettings(args))));
  },
};

type Settings = { -readonly [Key in keyof NewSession]: NewSession[Key] };

/** Each option reads what follows it. */
const OPTIONS = {
  SHARED: (settings: Settings) => {
    settings.shared = true;
  },
  EXTEND: (settings: Settings, args: Arguments) => {
    settings.extend = EXTEND[args.choice('GET', 'SET', 'BOTH')];
  },
  MAXAGE: (settings: Settings, args: Arguments) => {
    settings.maxAge = args.time(MAX_SECONDS);
  },
  LIMIT: (settings: Settings, args: Arguments) => {
    settings.limit = args.integer(1, MAX_SECONDS);
  },
  TOKEN: (settings: Settings, args: Arguments) => {
    settings.token = args.bytes();
  },
  DATA: (settings: Settings, args: Arguments) => {
    settings.data = args.pairs();
  },
};
const WORDS = Object.keys(OPTIONS) as (keyof typeof OPTIONS)[];

function readSettings(args: Arguments): NewSession {
  const settings: Settings = {};
  const seen = new Set<string>();
  let word = args.option(...WORDS);
  if (word === undefined && args.left > 0) {
    settings.duration = args.time(MAX_SECONDS) * 1000;
    word = args.option(...WORDS);
    if (word === undefined && args.left > 0) {
      settings.deleteSession = args.boolean();
      word = args.option(...WORDS);
    }
  }
  for (; word !== undefined; word = args.option(...WORDS)) {
    if (seen.has(word)) throw new CommandError(SYNTAX);
    seen.add(word);
    OPTIONS[word](settings, args);
  }
  args.end();
  if (settings.extend !== undefined && !settings.duration) throw new CommandError(`${SYNTAX}, EXTEND needs a ttl`);
  if (settings.shared && (settings.limit !== undefined || settings.token !== undefined)) {
    throw new CommandError(`${SYNTAX}, SHARED goes with neither LIMIT nor TOKEN`);
  }
  return settings;
}
