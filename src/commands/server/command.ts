import { CodedError, SYNTAX } from '../../errors.js';
import { globMatcher } from '../../glob.js';
import type { Slice } from '../../slice.js';
import type { Arguments } from '../arguments/arguments.js';
import type { Command } from '../declaration/command.js';
import { type CommandEntry, takesWords } from '../declaration/command-entry.js';
import { withHelp } from '../declaration/container.js';
import { categoriesOf, writeDocs, writeInfo } from '../declaration/description.js';
import { hasValidNumbers, keyFlags, keysIn } from '../declaration/key-spec.js';

const NAMES = { name: 'command-name', type: 'string', optional: true, multiple: true } as const;

/** COMMAND and its subcommands, which describe all commands. */
export function introspection(entries: () => ReadonlyMap<string, CommandEntry>): Command {
  const all = () => [...entries().values()];

  const count: Command = {
    name: 'count',
    summary: 'Returns the number of commands.',
    complexity: 'O(1)',
    group: 'server',
    flags: ['loading', 'stale'],
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
    group: 'server',
    flags: ['loading', 'stale'],
    arity: -2,
    arguments: [NAMES],
    reply: 'map from names to maps',
    run({ reply }, args) {
      const named = args.left > 0 ? namedEntries(entries(), args).filter((entry) => entry !== undefined) : all();
      reply.map(named.length);
      for (const entry of named) writeDocs(reply, entry);
    },
  };

  const getkeys: Command = {
    name: 'getkeys',
    summary: 'Returns the tokens and keys in a request, for example for a proxy that routes by them.',
    complexity: 'O(N), where N is the number of arguments',
    group: 'server',
    flags: ['loading', 'stale'],
    arity: -3,
    arguments: [
      { name: 'command', type: 'string' },
      { name: 'arg', type: 'string', optional: true, multiple: true },
    ],
    reply: 'array of tokens and keys',
    run({ reply }, args) {
      const { keys } = keysOf(entries(), args.rest());
      reply.array(keys.length);
      for (const key of keys) reply.bulk(key);
    },
  };

  const getkeysandflags: Command = {
    name: 'getkeysandflags',
    summary: 'Returns the tokens and keys in a request, and what the command does with them.',
    complexity: 'O(N), where N is the number of arguments',
    group: 'server',
    flags: ['loading', 'stale'],
    arity: -3,
    arguments: [
      { name: 'command', type: 'string' },
      { name: 'arg', type: 'string', optional: true, multiple: true },
    ],
    reply: 'array of pairs: a token or key, and the flags that COMMAND INFO shows for it',
    run({ reply }, args) {
      const { entry, keys } = keysOf(entries(), args.rest());
      const flags = keyFlags(entry.writes);
      reply.array(keys.length);
      for (const key of keys) {
        reply.array(2);
        reply.bulk(key);
        reply.set(flags.length);
        for (const flag of flags) reply.simple(flag);
      }
    },
  };

  const info: Command = {
    name: 'info',
    summary: 'Returns what client libraries need to know about the given commands, or about all.',
    complexity: 'O(N), where N is the number of commands',
    group: 'server',
    flags: ['loading', 'stale'],
    arity: -2,
    arguments: [NAMES],
    reply: 'array, with null for each unknown command',
    run({ reply }, args) {
      const named = args.left > 0 ? namedEntries(entries(), args) : all();
      reply.array(named.length);
      for (const entry of named) {
        if (entry === undefined) reply.null();
        else writeInfo(reply, entry);
      }
    },
  };

  const list: Command = {
    name: 'list',
    summary: 'Returns the names of all commands, or of those that match a filter.',
    complexity: 'O(N), where N is the number of commands',
    group: 'server',
    flags: ['loading', 'stale'],
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
      const names = all()
        .flatMap((entry) => [entry, ...entry.subcommands.values()])
        .filter(passes);
      reply.array(names.length);
      for (const { fullName } of names) reply.bulk(fullName);
    },
  };

  return withHelp({
    name: 'command',
    summary: 'Returns what client libraries need to know about all commands.',
    complexity: 'O(N), where N is the number of commands',
    group: 'server',
    flags: ['loading', 'stale'],
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

/**
 * Returns the keys in a request, and its command.
 * @throws CodedError, in Redis' words, if the request is invalid or its command takes no keys.
 */
function keysOf(entries: ReadonlyMap<string, CommandEntry>, request: readonly Slice[]): KeysFound {
  const word = (index: number) => request[index]?.latin1().toLowerCase() ?? '';
  const main = entries.get(word(0));
  const entry = main?.subcommands.get(word(1)) ?? main;
  if (entry === undefined) throw new CodedError('ERR', 'Invalid command specified');
  if (entry.keys.length === 0) throw new CodedError('ERR', 'The command has no key arguments');
  if (!takesWords(entry, request.length)) {
    throw new CodedError('ERR', 'Invalid number of arguments specified for command');
  }
  if (!hasValidNumbers(entry.keys, request)) throw new CodedError('ERR', 'Invalid arguments specified for command');
  return { entry, keys: keysIn(entry.keys, request) };
}

interface KeysFound {
  readonly entry: CommandEntry;
  readonly keys: readonly Slice[];
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
