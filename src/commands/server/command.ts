import { CodedError, SYNTAX } from '../../errors.js';
import { globMatcher } from '../../glob.js';
import type { ReplyEncoder } from '../../resp/reply-encoder.js';
import type { Slice } from '../../slice.js';
import type { Arguments } from '../arguments/arguments.js';
import type { Command } from '../declaration/command.js';
import { type CommandEntry, takesWords, withSubcommands } from '../declaration/command-entry.js';
import { withHelp } from '../declaration/container.js';
import { categoriesOf, writeDocs, writeInfo } from '../declaration/description.js';
import { type FoundKey, foundKeys, hasValidNumbers } from '../declaration/key-spec.js';

const NAMES = { name: 'command-name', type: 'string', optional: true, multiple: true } as const;

/** What all subcommands have in common. */
const COMMON = { group: 'server', flags: ['loading', 'stale'] } as const;

/** COMMAND and its subcommands, which describe all commands. */
export function introspection(entries: () => ReadonlyMap<string, CommandEntry>): Command {
  const all = () => [...entries().values()];
  /** The commands that are named, undefined for an unknown one; all if none is. */
  const named = (args: Arguments) => (args.left > 0 ? namedEntries(entries(), args) : all());

  const count: Command = {
    name: 'count',
    summary: 'Returns the number of commands.',
    complexity: 'O(1)',
    ...COMMON,
    arity: 2,
    arguments: [],
    reply: 'the number of commands',
    run({ reply }) {
      reply.integer(all().length);
    },
  };

  const docs: Command = {
    name: 'docs',
    summary: 'Returns documentation of the given commands, or of all.',
    complexity: 'O(N), where N is the number of commands',
    ...COMMON,
    arity: -2,
    arguments: [NAMES],
    reply: 'map from names to maps',
    run({ reply }, args) {
      const found = named(args).filter((entry) => entry !== undefined);
      reply.map(found.length);
      for (const entry of found) writeDocs(reply, entry);
    },
  };

  /** GETKEYS and GETKEYSANDFLAGS. */
  const findingKeys = (
    name: string,
    summary: string,
    shown: string,
    writeKey: (reply: ReplyEncoder, found: FoundKey) => void,
  ): Command => ({
    name,
    summary,
    complexity: 'O(N), where N is the number of arguments',
    ...COMMON,
    arity: -3,
    arguments: [
      { name: 'command', type: 'string' },
      { name: 'arg', type: 'string', optional: true, multiple: true },
    ],
    reply: shown,
    run({ reply }, args) {
      const found = keysOf(entries(), args.rest());
      reply.array(found.length);
      for (const each of found) writeKey(reply, each);
    },
  });

  const getkeys = findingKeys(
    'getkeys',
    'Returns the tokens and keys in a request, for example for a proxy that routes by them.',
    'array of tokens and keys',
    (reply, { key }) => reply.bulk(key),
  );

  const getkeysandflags = findingKeys(
    'getkeysandflags',
    'Returns the tokens and keys in a request, and what the command does with them.',
    'array of pairs: a token or key, and the flags that COMMAND INFO shows for it',
    (reply, { key, flags }) => {
      reply.array(2);
      reply.bulk(key);
      reply.statuses(flags);
    },
  );

  const info: Command = {
    name: 'info',
    summary: 'Returns what client libraries need to know about the given commands, or about all.',
    complexity: 'O(N), where N is the number of commands',
    ...COMMON,
    arity: -2,
    arguments: [NAMES],
    reply: 'array, with null for each unknown command',
    run({ reply }, args) {
      const found = named(args);
      reply.array(found.length);
      for (const entry of found) {
        if (entry === undefined) reply.null();
        else writeInfo(reply, entry);
      }
    },
  };

  const list: Command = {
    name: 'list',
    summary: 'Returns the names of all commands, or of those that match a filter.',
    complexity: 'O(N), where N is the number of commands',
    ...COMMON,
    arity: -2,
    arguments: [
      {
        name: 'filterby',
        type: 'oneof',
        token: 'FILTERBY',
        optional: true,
        arguments: [
          { name: 'module-name', type: 'string', token: 'MODULE' },
          { name: 'category', type: 'string', token: 'ACLCAT' },
          { name: 'pattern', type: 'pattern', token: 'PATTERN' },
        ],
      },
    ],
    reply: 'array of names',
    run({ reply }, args) {
      const passes = args.left > 0 ? readFilter(args) : () => true;
      const names = withSubcommands(all()).filter(passes);
      reply.array(names.length);
      for (const { fullName } of names) reply.bulk(fullName);
    },
  };

  return withHelp({
    name: 'command',
    summary: 'Returns what client libraries need to know about all commands.',
    complexity: 'O(N), where N is the number of commands',
    ...COMMON,
    arity: -1,
    arguments: [],
    reply: 'array, as from COMMAND INFO',
    subcommands: [count, docs, getkeys, getkeysandflags, info, list],
    run: (context, args) => info.run?.(context, args),
  });
}

/** Returns the commands with the given names; `config|get` names a subcommand. */
function namedEntries(entries: ReadonlyMap<string, CommandEntry>, args: Arguments): (CommandEntry | undefined)[] {
  const found: (CommandEntry | undefined)[] = [];
  while (args.left > 0) {
    const [name, ...subcommand] = args.word().split('|');
    const entry = entries.get(name);
    found.push(subcommand.length === 0 ? entry : entry?.subcommands.get(subcommand.join('|')));
  }
  return found;
}

/** @throws CodedError, in Redis' words, if the request is invalid or its command takes no keys. */
function keysOf(entries: ReadonlyMap<string, CommandEntry>, request: readonly Slice[]): readonly FoundKey[] {
  const word = (index: number) => request[index]?.latin1().toLowerCase() ?? '';
  const main = entries.get(word(0));
  const entry = main?.subcommands.get(word(1)) ?? main;
  if (entry === undefined) throw new CodedError('ERR', 'Invalid command specified');
  if (entry.keys.length === 0) throw new CodedError('ERR', 'The command has no key arguments');
  if (!takesWords(entry, request.length)) {
    throw new CodedError('ERR', 'Invalid number of arguments specified for command');
  }
  if (!hasValidNumbers(entry.keys, request)) throw new CodedError('ERR', 'Invalid arguments specified for command');
  return foundKeys(entry.keys, request);
}

type Filter = (entry: CommandEntry) => boolean;

const FILTERS: Record<'MODULE' | 'ACLCAT' | 'PATTERN', (value: string) => Filter> = {
  // There are no modules.
  MODULE: () => () => false,
  ACLCAT: (category) => (entry) => categoriesOf(entry).includes(`@${category}`),
  PATTERN: (pattern) => {
    const matches = globMatcher(pattern);
    return (entry) => matches(entry.fullName);
  },
};

function readFilter(args: Arguments): Filter {
  args.choice('FILTERBY');
  const kind = args.choice('MODULE', 'ACLCAT', 'PATTERN');
  if (args.left !== 1) throw SYNTAX;
  return FILTERS[kind](args.pattern().toLowerCase());
}
