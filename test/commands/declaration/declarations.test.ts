import { describe, expect, it } from 'vitest';
import { type Argument, arityOf, type Command, usageOf } from '../../../src/commands/declaration/command.js';
import { entryOf, takesWords } from '../../../src/commands/declaration/command-entry.js';
import { commands } from '../../../src/commands/table.js';

const named = (name: string): Command => {
  const [main, sub] = name.split('|');
  const command = commands.find((candidate) => candidate.name === main);
  const found = sub === undefined ? command : command?.subcommands?.find((candidate) => candidate.name === sub);
  if (found === undefined) throw new Error(`no command ${name}`);
  return found;
};

describe('declarations', () => {
  it('have names of their own', () => {
    expect(new Set(commands.map(({ name }) => name)).size).toBe(commands.length);
  });

  it.each(commands)('$name is described', (command) => {
    for (const { name, summary, complexity, reply, run, subcommands } of [command, ...(command.subcommands ?? [])]) {
      expect(name).toMatch(/^[a-z.-]+$/);
      expect(summary).toMatch(/^[A-Z].*\.$/);
      expect(complexity).not.toBe('');
      expect(reply).not.toBe('');
      expect(run ?? subcommands).toBeDefined();
    }
  });

  // Redis' own figures for Redis' commands.
  it.each([
    ['ping', -1],
    ['echo', 2],
    ['quit', 1],
    ['select', 2],
    ['auth', -2],
    ['hello', -1],
    ['client', -2],
    ['client|id', 2],
    ['client|setname', 3],
    ['client|setinfo', 4],
    ['client|list', -2],
    ['client|kill', -3],
    ['client|reply', 3],
    ['client|no-evict', 3],
    ['subscribe', -2],
    ['unsubscribe', -1],
    ['publish', 3],
    ['pubsub', -2],
    ['pubsub|channels', -2],
    ['pubsub|numpat', 2],
    ['multi', 1],
    ['exec', 1],
    ['watch', -2],
    ['monitor', 1],
    ['slowlog|get', -2],
    ['latency|histogram', -2],
    ['memory|usage', -3],
    ['memory|stats', 2],
    ['command|getkeys', -3],
    ['config|set', -4],
    ['config|resetstat', 2],
    ['scan', -2],
    ['type', 2],
    ['hlen', 2],
    ['reset', 1],
    ['command', -1],
    ['command|count', 2],
    ['command|docs', -2],
    ['command|list', -2],
    ['config', -2],
    ['config|get', -3],
    ['info', -1],
    ['dbsize', 1],
    ['time', 1],
    ['flushall', -1],
    ['shutdown', -1],
    ['save', 1],
    ['bgsave', -1],
    ['lastsave', 1],
    ['bgrewriteaof', 1],
    ['session.save', -2],
    ['session.load', 2],
    ['session.new', -2],
    ['session.set', -4],
    ['session.cas', 5],
    ['session.expire', -3],
    ['session.rotate', -2],
    ['session.scan', -2],
    ['session.help', 1],
  ])('arity of %s is %i', (name, arity) => {
    expect(arityOf(named(name), name.includes('|') ? 2 : 1)).toBe(arity);
  });

  it.each([
    [
      'session.new',
      'name [ttl [deleteSession]] [SHARED] [EXTEND GET|SET|BOTH] [MAXAGE seconds] [LIMIT count] [TOKEN token] [DATA key value [key value ...]]',
    ],
    ['session.end', 'token [token ...]'],
    ['session.scan', 'cursor [MATCH name-pattern] [COUNT count]'],
    ['hello', '[protover [AUTH username password] [SETNAME clientname]]'],
    ['client|setinfo', 'LIB-NAME libname|LIB-VER libver'],
  ])('usage of %s', (name, usage) => {
    expect(usageOf(named(name).arguments)).toBe(usage);
  });

  it('counts the words of the shortest alternative', () => {
    const short = { name: 'all', type: 'pure-token', token: 'ALL' } as const;
    const long = { name: 'id', type: 'integer', token: 'ID' } as const;
    const of = (...alternatives: Argument[]) =>
      arityOf({ ...named('ping'), arguments: [{ name: 'which', type: 'oneof', arguments: alternatives }] }, 1);
    expect([of(short), of(long), of(short, long), of(long, short)]).toEqual([2, 3, -2, -2]);
  });

  it('a key without its value is one word too few', () => {
    const set = entryOf(named('session.set'));
    expect([3, 4, 5, 6, 7].map((words) => takesWords(set, words))).toEqual([false, true, false, true, false]);
    const get = entryOf(named('session.get'));
    expect([2, 3, 4].map((words) => takesWords(get, words))).toEqual([false, true, false]);
  });

  it('say of whatever writes that there must be room for it, unless it adds nothing', () => {
    const all = commands.flatMap((command) => [command, ...(command.subcommands ?? [])]);
    const addNothing = all.filter(({ flags }) => flags.includes('write') && !flags.includes('denyoom'));
    const known = [
      // They end sessions, or remove data.
      ...['del', 'flushall', 'flushdb', 'getdel', 'hdel', 'unlink'],
      ...['session.clear', 'session.del', 'session.end', 'session.endall', 'session.endname'],
      // They change numbers that each session has.
      ...['expire', 'expireat', 'getex', 'persist', 'pexpire', 'pexpireat'],
      ...['session.expire', 'session.pexpire', 'session.touch'],
      // A name for another one, of 512 bytes at most.
      ...['rename', 'renamenx'],
    ];
    expect(addNothing.map(({ name }) => name).sort()).toEqual(known.sort());
    // What it says of its growth is looked at only then.
    for (const { name, growth, flags } of all) {
      if (growth !== undefined) expect(flags, name).toContain('denyoom');
    }
  });
});
