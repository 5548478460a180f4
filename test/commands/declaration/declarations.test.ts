import { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { type Argument, type Command, usageOf } from '../../../src/commands/declaration/command.js';
import { entryOf, takesWords } from '../../../src/commands/declaration/command-entry.js';
import { commands } from '../../../src/commands/table.js';
import { RedisServer } from '../../tools/redis-server.js';

const named = (name: string): Command => {
  const [main, sub] = name.split('|');
  const command = commands.find((candidate) => candidate.name === main);
  const found = sub === undefined ? command : command?.subcommands?.find((candidate) => candidate.name === sub);
  if (found === undefined) throw new Error(`no command ${name}`);
  return found;
};

/** Returns all commands and subcommands, with names like `config|get`. */
function withFullNames(): [fullName: string, command: Command][] {
  return commands.flatMap((command) => [
    [command.name, command],
    ...(command.subcommands ?? []).map((sub): [string, Command] => [`${command.name}|${sub.name}`, sub]),
  ]);
}

interface Length {
  readonly least: number;
  readonly most: number;
}

/** Returns how many words the arguments take. */
function lengthOf(args: readonly Argument[]): Length {
  const lengths = args.map(lengthOfOne);
  return {
    least: lengths.reduce((sum, { least }) => sum + least, 0),
    most: lengths.reduce((sum, { most }) => sum + most, 0),
  };
}

function lengthOfOne({ type, token, optional, multiple, arguments: members = [] }: Argument): Length {
  let value: Length = { least: 1, most: 1 };
  if (type === 'block') value = lengthOf(members);
  if (type === 'oneof') {
    const lengths = members.map(lengthOfOne);
    value = {
      least: Math.min(...lengths.map(({ least }) => least)),
      most: Math.max(...lengths.map(({ most }) => most)),
    };
  }
  const words = token !== undefined && type !== 'pure-token' ? 1 : 0;
  return { least: optional ? 0 : words + value.least, most: multiple ? Infinity : words + value.most };
}

/** An element of COMMAND's reply, with the parts used here. */
type CommandInfo = [name: string, arity: number, ...unknown[]];

function aritiesIn(infos: readonly CommandInfo[]): Map<string, number> {
  return new Map(
    infos.flatMap((info) => [[info[0], info[1]], ...aritiesIn((info[9] as CommandInfo[] | undefined) ?? [])] as const),
  );
}

/** Returns the commands that scripts may not call. */
function noScriptIn(infos: readonly CommandInfo[]): Set<string> {
  const isNoScript = ([, , flags]: CommandInfo) => (flags as string[]).includes('noscript');
  return new Set(
    infos.flatMap((info) => [
      ...(isNoScript(info) ? [info[0]] : []),
      ...noScriptIn((info[9] as CommandInfo[] | undefined) ?? []),
    ]),
  );
}

describe('declarations', () => {
  it('have unique names', () => {
    expect(new Set(commands.map(({ name }) => name)).size).toBe(commands.length);
  });

  it.each(commands)('$name is described', (command) => {
    for (const { name, summary, complexity, reply, run, ask, subcommands } of [
      command,
      ...(command.subcommands ?? []),
    ]) {
      expect(name).toMatch(/^[a-z._-]+$/);
      expect(summary).toMatch(/^[A-Z].*\.$/);
      expect(complexity).not.toBe('');
      expect(reply).not.toBe('');
      expect(run ?? ask ?? subcommands).toBeDefined();
    }
  });

  it.each(withFullNames())('%s documents the number of arguments that its arity allows', (fullName, command) => {
    const words = fullName.split('|').length + (command.run === undefined && command.ask === undefined ? 1 : 0);
    const { least, most } = lengthOf(command.arguments);
    const isOpen = least < most || command.subcommands !== undefined;
    // The arguments of QUIT are ignored, so they are not documented.
    expect(command.arity).toBe(isOpen || fullName === 'quit' ? -(words + least) : words + least);
    expect(command.pairs ?? false).toBe(command.arguments.at(-1)?.name === 'pair');
  });

  it.skipIf(!RedisServer.there)("have Redis' arity, and its flag noscript, for Redis' commands", async () => {
    const redis = await RedisServer.startRedis();
    const connection = new Redis(redis.port);
    try {
      const infos = (await connection.call('COMMAND')) as CommandInfo[];
      const arities = aritiesIn(infos);
      const ofRedis = noScriptIn(infos);
      const inScripts = withFullNames().filter(
        ([name, { flags }]) => arities.has(name) && ofRedis.has(name) !== flags.includes('noscript'),
      );
      expect(inScripts.map(([name]) => name)).toEqual([]);
      const differing = withFullNames().filter(([name, { arity }]) => (arities.get(name) ?? arity) !== arity);
      // In Redis 7.0, COMMAND GETKEYS of a command alone is a wrong number of arguments, and ranks have no WITHSCORE.
      expect(differing.map(([name]) => name).sort()).toEqual([
        'command|getkeys',
        'command|getkeysandflags',
        'zrank',
        'zrevrank',
      ]);
      expect(arities.size).toBeGreaterThan(200);
    } finally {
      connection.disconnect();
      await redis.stop();
    }
  });

  it.each([
    [
      'session.new',
      'name [ttl [deleteSession]] [SHARED] [EXTEND GET|SET|BOTH] [MAXAGE seconds] [LIMIT count] [TOKEN token] [DATA key value [key value ...]]',
    ],
    ['session.end', 'token [token ...]'],
    ['session.list', 'name [CURSOR cursor] [COUNT count] [SIZES] [KEYS key [key ...]]'],
    ['session.scan', 'cursor [MATCH name-pattern] [COUNT count]'],
    ['hello', '[protover [AUTH username password] [SETNAME clientname]]'],
    ['client|setinfo', 'LIB-NAME libname|LIB-VER libver'],
  ])('usage of %s', (name, usage) => {
    expect(usageOf(named(name).arguments)).toBe(usage);
  });

  it('a key without a value is one word too few', () => {
    const set = entryOf(named('session.set'));
    expect([3, 4, 5, 6, 7].map((words) => takesWords(set, words))).toEqual([false, true, false, true, false]);
    const get = entryOf(named('session.get'));
    expect([2, 3, 4].map((words) => takesWords(get, words))).toEqual([false, true, false]);
  });

  it('have the flag denyoom if they write, unless they add nothing', () => {
    const all = commands.flatMap((command) => [command, ...(command.subcommands ?? [])]);
    const addNothing = all.filter(({ flags }) => flags.includes('write') && !flags.includes('denyoom'));
    const known = [
      // They end sessions, or remove data.
      ...['del', 'delex', 'delifeq', 'flushall', 'flushdb', 'getdel', 'hdel', 'hgetdel', 'unlink'],
      ...[
        'spop',
        'srem',
        'zmpop',
        'zpopmax',
        'zpopmin',
        'zrem',
        'zremrangebylex',
        'zremrangebyrank',
        'zremrangebyscore',
      ],
      // They remove the deadlines of keys.
      ...['hpersist', 'session.keypersist'],
      ...['session.clear', 'session.del', 'session.end', 'session.endall', 'session.endid', 'session.endname'],
      // They remove what is pending, or change what a group has noted of an entry.
      ...['delconsumer', 'destroy', 'setid', 'xack', 'xautoclaim', 'xclaim', 'xreadgroup', 'xtrim'],
      // They are refused.
      ...['xadd', 'xdel', 'xsetid'],
      ...['json.arrpop', 'json.arrtrim', 'json.clear', 'json.del', 'json.forget', 'session.jsondel'],
      // They change numbers that each session has.
      ...['expire', 'expireat', 'getex', 'persist', 'pexpire', 'pexpireat'],
      ...['session.expire', 'session.pexpire', 'session.touch'],
      // They give fields deadlines, each of which takes no more memory than the field and a few bytes.
      ...['hexpire', 'hexpireat', 'hgetex', 'hpexpire', 'hpexpireat'],
      // They replace a name by another one of up to 512 bytes.
      ...['rename', 'renamenx', 'move', 'swapdb'],
    ];
    expect(addNothing.map(({ name }) => name).sort()).toEqual(known.sort());
    // `growth` is used only with this flag.
    for (const { name, growth, flags } of all) {
      if (growth !== undefined) expect(flags, name).toContain('denyoom');
    }
  });
});
