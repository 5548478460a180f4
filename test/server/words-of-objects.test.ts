import { afterEach, describe, expect, it } from 'vitest';
import type { Command } from '../../src/commands/declaration/command.js';
import { commands } from '../../src/commands/table.js';
import { connectTo, startServer, stopServers } from '../embedded-server.js';
import { frame } from '../raw-client.js';
import { askWith } from './ask.js';

afterEach(stopServers);

/** Properties that every JavaScript object has: a careless look-up finds them in an empty table. */
const WORDS = ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__'];

/** These end the connection, or change what it receives. */
const SPECIAL = new Set(['quit', 'shutdown', 'monitor', 'subscribe', 'psubscribe', 'client reply', 'multi', 'reset']);

const calls = commands
  .flatMap((command): [string[], Command][] => [
    [[command.name], command],
    ...(command.subcommands ?? []).map((sub): [string[], Command] => [[command.name, sub.name], sub]),
  ])
  .filter(([name]) => !SPECIAL.has(name.join(' ')));

describe.each(WORDS)('%s', (word) => {
  it('is not a word that a command knows', async () => {
    const client = await connectTo(await startServer());
    await askWith(client, 'SET', 'key', 'value');
    for (const [request, reply] of [
      [['CLIENT', 'LIST', 'TYPE', word], /^ERR Unknown client type/],
      [['CLIENT', 'KILL', 'TYPE', word], /^ERR Unknown client type/],
      [['CLIENT', 'KILL', word, '1'], /^ERR syntax error/],
      [['CLIENT', 'SETINFO', word, 'x'], /^ERR Unrecognized option/],
      [['CLIENT', word], /^ERR unknown subcommand/],
      [['OBJECT', word, 'key'], /^ERR unknown subcommand/],
      [['HELLO', '3', word, 'x', 'y'], /^ERR Syntax error in HELLO option/],
      [['CONFIG', 'GET', word], /^$/],
      [['CONFIG', 'SET', word, 'x'], /^ERR Unknown option/],
      [['CONFIG', 'SET', 'maxmemory-policy', word], /^ERR CONFIG SET failed .* expected one of/],
      [['CONFIG', 'SET', 'maxmemory', word], /^ERR CONFIG SET failed/],
      [['CONFIG', 'SET', 'client-output-buffer-limit', `${word} 1 1 1`], /^ERR CONFIG SET failed/],
      [['COMMAND', 'INFO', word, `config|${word}`], /^nil nil$/],
      [['COMMAND', 'DOCS', word], /^$/],
      [['COMMAND', 'LIST', 'FILTERBY', 'ACLCAT', word], /^$/],
      [['COMMAND', 'LIST', 'FILTERBY', word, 'x'], /^ERR syntax error/],
      [['COMMAND', 'GETKEYS', word, 'x'], /^ERR Invalid command specified/],
      [['INFO', word], /^$/],
      [['LATENCY', 'HISTOGRAM', word], /^$/],
      [['SET', 'key', 'other', word], /^ERR syntax error/],
      [['GETEX', 'key', word], /^ERR syntax error/],
      [['EXPIRE', 'key', '100', word], /^ERR Unsupported option/],
      [['SCAN', '0', word, '1'], /^ERR syntax error/],
      [['SCAN', '0', 'TYPE', word], /^0 $/],
      [['SESSION.NEW', 'name', word], /^ERR/],
      [['SESSION.NEW', 'name', '10', 'EXTEND', word], /^ERR syntax error/],
      [['FLUSHALL', word], /^ERR syntax error/],
      [['SHUTDOWN', word], /^ERR syntax error/],
      [[word], /^ERR unknown command/],
      [['GET', 'key'], /^value$/],
    ] as const) {
      expect(await askWith(client, ...request), request.join(' ')).toMatch(reply);
    }
  });

  it('is a key, a field and a value like any other', async () => {
    const client = await connectTo(await startServer());
    expect(await askWith(client, 'HSET', word, word, word)).toBe('1');
    expect(await askWith(client, 'HGETALL', word)).toBe(`${word} ${word}`);
    expect(await askWith(client, 'HGET', word, 'toLocaleString')).toBe('nil');
    expect(await askWith(client, 'KEYS', '*')).toBe(word);
    expect(await askWith(client, 'PUBSUB', 'NUMSUB', word)).toBe(`${word} 0`);
    expect(await askWith(client, 'SESSION.COUNT', `@${word}`)).toBe('1');
  });
});

it.each(WORDS.slice(0, 2))('no command has an internal error for %s', async (word) => {
  const server = await startServer();
  for (const [name, command] of calls) {
    const least = Math.abs(command.arity) - name.length;
    const requests = [0, 1, 2, 3].flatMap((more) => [
      frame(...name, ...Array(least + more).fill(word)),
      frame('RESET'),
    ]);
    const client = await connectTo(server);
    await client.send(Buffer.concat([...requests, frame('PING', 'the end')]));
    expect(await client.takeUntil('the end\r\n'), name.join(' ')).not.toContain('internal error');
    client.close();
  }
});
