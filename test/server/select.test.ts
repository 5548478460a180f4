import { afterEach, describe, expect, it } from 'vitest';
import type { Command } from '../../src/commands/declaration/command.js';
import { commands } from '../../src/commands/table.js';
import { connectTo, startServer, stopServers } from '../embedded-server.js';
import { frame } from '../raw-client.js';
import { ask, askWith } from './ask.js';

afterEach(stopServers);

const OUT_OF_RANGE = 'ERR DB index is out of range';
const refusal = (index: string) =>
  `ERR SELECT ${index} was refused, so this connection has no database (respite has only database 0): SELECT 0 to go on`;

const calls = commands.flatMap((command): [string[], Command][] => [
  [[command.name], command],
  ...(command.subcommands ?? []).map((sub): [string[], Command] => [[command.name, sub.name], sub]),
]);
/** The shortest request of each command that reads or changes sessions. */
const dataRequests = calls
  .filter(([, { flags }]) => flags.includes('readonly') || flags.includes('write'))
  .map(([name, command]) => [...name, ...Array(Math.abs(command.arity) - name.length).fill('1')]);

describe('after a refused SELECT', () => {
  it('no command reads or changes sessions', async () => {
    const server = await startServer();
    const [client, other] = [await connectTo(server), await connectTo(server)];
    await ask(other, 'SET 1 value');
    expect(await ask(client, 'SELECT 1')).toBe(OUT_OF_RANGE);
    expect(dataRequests.map(([name]) => name)).toEqual(
      expect.arrayContaining([
        'flushdb',
        'flushall',
        'dbsize',
        'get',
        'set',
        'watch',
        'session.new',
        'session.endall',
        'object',
      ]),
    );
    for (const request of dataRequests) expect(await askWith(client, ...request), request.join(' ')).toBe(refusal('1'));
    // Other clients are not affected.
    expect(await ask(other, 'GET 1')).toBe('value');
  });

  it('commands about the connection or the server work', async () => {
    const client = await connectTo(await startServer());
    await ask(client, 'SELECT 15');
    expect(await ask(client, 'PING')).toBe('PONG');
    expect(await ask(client, 'ECHO x')).toBe('x');
    expect(await ask(client, 'CLIENT SETNAME x')).toBe('OK');
    expect(await ask(client, 'CLIENT INFO')).toContain(' db=-1 ');
    expect(await ask(client, 'INFO server')).toContain('redis_version');
    expect(await ask(client, 'COMMAND COUNT')).toMatch(/^\d+$/);
    expect(await ask(client, 'CONFIG GET port')).toContain('port');
    expect(await ask(client, 'PUBLISH x y')).toBe('0');
    expect(await ask(client, 'UNWATCH')).toBe('OK');
    expect(await ask(client, 'SUBSCRIBE x')).toBe('subscribe x 1');
  });

  it.each(['-1', '16', 'one', '', '9'.repeat(30)])('SELECT %j is refused', async (index) => {
    const client = await connectTo(await startServer());
    expect(await askWith(client, 'SELECT', index)).toMatch(/^ERR/);
    expect(await ask(client, 'FLUSHDB')).toBe(refusal(index === '9'.repeat(30) ? '(redacted)' : index));
  });

  it('a successful SELECT restores the database, and so does RESET', async () => {
    const client = await connectTo(await startServer());
    await ask(client, 'SELECT 1');
    await client.send('HELLO 2\r\n');
    await client.takeUntil('modules\r\n*0\r\n');
    expect(await ask(client, 'DBSIZE')).toBe(refusal('1'));
    expect(await ask(client, 'SELECT 2')).toBe(OUT_OF_RANGE);
    expect(await ask(client, 'DBSIZE')).toBe(refusal('2'));
    expect(await ask(client, 'SELECT 0')).toBe('OK');
    expect(await ask(client, 'DBSIZE')).toBe('0');
    await ask(client, 'SELECT 1');
    expect(await ask(client, 'RESET')).toBe('RESET');
    expect(await ask(client, 'DBSIZE')).toBe('0');
  });

  it('transactions do nothing, whether SELECT was refused before or within', async () => {
    const server = await startServer();
    const client = await connectTo(server);
    await ask(client, 'SET key value');
    await ask(client, 'SELECT 1');
    await client.expect(
      'MULTI\r\nFLUSHDB\r\nEXEC\r\n',
      `+OK\r\n-${refusal('1')}\r\n-EXECABORT Transaction discarded because of previous errors.\r\n`,
    );
    await client.expect('SELECT 0\r\nMULTI\r\n', '+OK\r\n+OK\r\n');
    await client.expect('GET key\r\nSELECT 1\r\nFLUSHDB\r\nSELECT 0\r\nDBSIZE\r\n', '+QUEUED\r\n'.repeat(5));
    await client.expect('EXEC\r\n', `*5\r\n$5\r\nvalue\r\n-${OUT_OF_RANGE}\r\n-${refusal('1')}\r\n+OK\r\n:1\r\n`);
  });

  it('commands are refused even if replies are off', async () => {
    const client = await connectTo(await startServer());
    await ask(client, 'SET key value');
    await client.send(Buffer.concat([frame('CLIENT', 'REPLY', 'OFF'), frame('SELECT', '1'), frame('FLUSHALL')]));
    await client.expect('CLIENT REPLY ON\r\nSELECT 0\r\nDBSIZE\r\n', '+OK\r\n+OK\r\n:1\r\n');
  });
});
