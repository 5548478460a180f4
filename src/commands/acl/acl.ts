import { CodedError } from '../../errors.js';
import { redacted } from '../../execution/observing/redaction.js';
import type { Command } from '../declaration/command.js';
import { type CommandEntry, withSubcommands } from '../declaration/command-entry.js';
import { container } from '../declaration/container.js';
import { categoriesOf } from '../declaration/description.js';
import { dryrun } from './dryrun.js';
import { genpass } from './genpass.js';
import { log } from './log.js';
import { deluser, load, save, setuser } from './refused.js';
import { aclLine, rulesOf } from './rules.js';

const whoami: Command = {
  name: 'whoami',
  summary: 'Returns the name of the user of this connection.',
  complexity: 'O(1)',
  group: 'server',
  flags: ['loading', 'stale', 'noscript'],
  arity: 2,
  arguments: [],
  reply: 'the name',
  run({ client, reply }) {
    reply.bulk(client.user?.name ?? 'default');
  },
};

const users: Command = {
  name: 'users',
  summary: 'Returns the names of all users.',
  complexity: 'O(N), where N is the number of users',
  group: 'server',
  flags: ['admin', 'loading', 'stale', 'noscript'],
  arity: 2,
  arguments: [],
  reply: 'array of names',
  run({ server, reply }) {
    reply.array(server.users.length);
    for (const { name } of server.users) reply.bulk(name);
  },
};

const list: Command = {
  name: 'list',
  summary: "Returns all users, with their permissions as rules of Redis' ACL.",
  complexity: 'O(N), where N is the number of users',
  group: 'server',
  flags: ['admin', 'loading', 'stale', 'noscript'],
  arity: 2,
  arguments: [],
  reply: 'array of lines',
  run({ server, reply }) {
    reply.array(server.users.length);
    for (const user of server.users) reply.bulk(aclLine(user));
  },
};

const getuser: Command = {
  name: 'getuser',
  summary: "Returns a user's permissions as rules of Redis' ACL.",
  complexity: 'O(1)',
  group: 'server',
  flags: ['admin', 'loading', 'stale', 'noscript'],
  arity: 3,
  arguments: [{ name: 'username', type: 'string' }],
  reply: 'map: flags, passwords (their SHA-256), commands, keys, channels, selectors; or null',
  run({ server, reply }, args) {
    const name = args.text();
    const user = server.users.find((each) => each.name === name);
    if (user === undefined) {
      reply.null();
      return;
    }
    const { flags, commands, keys, channels } = rulesOf(user);
    reply.map(6);
    reply.bulk('flags');
    reply.set(flags.length);
    for (const flag of flags) reply.bulk(flag);
    reply.bulk('passwords');
    reply.array(user.passwords.length);
    for (const digest of user.passwords) reply.bulk(digest);
    for (const [key, value] of Object.entries({ commands, keys, channels })) {
      reply.bulk(key);
      reply.bulk(value);
    }
    reply.bulk('selectors');
    reply.array(0);
  },
};

/** All categories of Redis, in its order. */
const CATEGORIES = [
  'keyspace',
  'read',
  'write',
  'set',
  'sortedset',
  'list',
  'hash',
  'string',
  'bitmap',
  'hyperloglog',
  'geo',
  'stream',
  'pubsub',
  'admin',
  'fast',
  'slow',
  'blocking',
  'dangerous',
  'connection',
  'transaction',
  'scripting',
] as const;

function cat(entries: () => ReadonlyMap<string, CommandEntry>): Command {
  const all = () => withSubcommands(entries().values());
  return {
    name: 'cat',
    summary: 'Returns the categories of commands, or the commands in a category.',
    complexity: 'O(N), where N is the number of commands',
    group: 'server',
    flags: ['loading', 'stale', 'noscript'],
    arity: -2,
    arguments: [{ name: 'category', type: 'string', optional: true }],
    reply: 'array of names',
    run({ reply }, args) {
      const given = args.left === 0 ? undefined : args.bytes();
      args.endOfSubcommand();
      const names = given === undefined ? categoriesAmong(all()) : namesIn(all(), given);
      reply.array(names.length);
      for (const name of names) reply.bulk(name);
    },
  };
}

function categoriesAmong(entries: readonly CommandEntry[]): string[] {
  const present = new Set(entries.flatMap(categoriesOf));
  return CATEGORIES.filter((category) => present.has(`@${category}`));
}

function namesIn(entries: readonly CommandEntry[], given: Buffer): string[] {
  const category = given.toString('latin1').toLowerCase();
  const names = entries.filter((entry) => categoriesOf(entry).includes(`@${category}`)).map(({ fullName }) => fullName);
  if (names.length === 0) throw new CodedError('ERR', `Unknown category '${redacted(given)}'`);
  return names;
}

/** Views of the users. Users are set by the options `users` and `users-file`. */
export function acl(entries: () => ReadonlyMap<string, CommandEntry>): Command {
  return container('acl', 'server', 'A container for commands about users and their permissions.', [
    cat(entries),
    deluser,
    dryrun(entries),
    genpass,
    getuser,
    list,
    load,
    log,
    save,
    setuser,
    users,
    whoami,
  ]);
}
