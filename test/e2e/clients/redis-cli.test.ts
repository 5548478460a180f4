import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Command, usageOf } from '../../../src/commands/declaration/command.js';
import { commands } from '../../../src/commands/table.js';
import { isThere, run, Tool, works } from '../../tools/external-tool.js';
import { Program } from '../../tools/program.js';

const there = isThere('redis-cli', 'redis-tools', works('redis-cli', '--version'));
const PASSWORD = 'correct horse';

/** Escape sequences, such as colours. */
const NOT_TEXT = new RegExp(`${String.fromCharCode(27)}\\[[\\d;]*m|\r`, 'g');

/** Every command and subcommand, as written in a call. */
const calls = commands.flatMap((command): [string, Command][] => [
  [command.name.toUpperCase(), command],
  ...(command.subcommands ?? []).map((sub): [string, Command] => [`${command.name} ${sub.name}`.toUpperCase(), sub]),
]);

/** Returns a map, which is a flat array in RESP2. */
function mapOf(json: unknown): Record<string, unknown> {
  if (!Array.isArray(json)) return json as Record<string, unknown>;
  return Object.fromEntries(json.flatMap((key, i) => (i % 2 === 0 ? [[key, json[i + 1]]] : [])));
}

describe.skipIf(!there).each(['-2', '-3'])('redis-cli %s', (protocol) => {
  let program: Program;
  let user: string[];
  beforeAll(async () => {
    program = await Program.start([], { RESPITE_REQUIREPASS: PASSWORD, RESPITE_USERS: 'reader read only-looks' });
    user = [protocol, '-p', String(program.port)];
  });
  afterAll(() => program.stop());

  const env = { REDISCLI_AUTH: PASSWORD };
  const cli = async (...args: string[]) => (await run('redis-cli', [...user, ...args], { env })).trimEnd();
  /** Runs commands as at the prompt, one per line. */
  const typed = async (...lines: string[]) =>
    (await run('redis-cli', [...user, '--no-raw'], { env, input: lines.join('\n') })).trimEnd();
  const start = (...args: string[]) => new Tool('redis-cli', [...user, ...args], env);

  it('has help for every command', async () => {
    const help = (await typed(...calls.map(([name]) => `help ${name}`))).replace(NOT_TEXT, '');
    const topics = new Map(
      help
        .split(/\n\n+/)
        .map((topic) => topic.trim().split('\n'))
        .map(([usage, ...lines]) => [usage.trim(), lines.map((line) => line.trim())]),
    );
    for (const [name, command] of calls) {
      const usage = `${name} ${usageOf(command.arguments)}`.trim();
      expect(topics.get(usage), usage).toContain(`summary: ${command.summary}`);
      expect(topics.get(usage)).toContain(`group: ${command.group}`);
    }
  });

  it('works in the database that it is given', async () => {
    await cli('SET', 'key', 'value');
    expect(await cli('-n', '1', 'EXISTS', 'key')).toBe('0');
    expect(await cli('-n', '1', 'SET', 'key', 'other')).toBe('OK');
    expect(await cli('-n', '1', '--scan')).toBe('key');
    expect(await cli('-n', '1', 'FLUSHDB')).toBe('OK');
    expect(await cli('GET', 'key')).toBe('value');
    expect(await cli('-n', '0', 'DEL', 'key')).toBe('1');
  });

  it('works with sessions, shows types, and reads commands from its input', async () => {
    expect(await typed('MULTI', 'SESSION.NEW defaults SHARED DATA theme dark', 'PING', 'EXEC')).toMatch(
      /^OK\nQUEUED\nQUEUED\n1\) "[\w-]{22}"\n2\) PONG$/,
    );
    expect(await typed('SESSION.GETALL @defaults', 'SESSION.GET @defaults missing', 'SESSION.TTL @defaults')).toBe(
      protocol === '-3' ? '1# "theme" => "dark"\n(nil)\n(integer) -1' : '1) "theme"\n2) "dark"\n(nil)\n(integer) -1',
    );
    expect(await typed('MULTI', 'SESSION.SET @defaults theme', 'EXEC', 'SESSION.GET @nobody theme')).toBe(
      [
        'OK',
        "(error) ERR wrong number of arguments for 'session.set' command: SESSION.SET token key value [key value ...]",
        '(error) EXECABORT Transaction discarded because of previous errors.',
        '(error) NOSESSION no such session: no shared session has this name',
      ].join('\n'),
    );
    expect(await cli('--csv', 'SESSION.KEYS', '@defaults')).toBe('"theme"');
    expect(JSON.parse(await cli('--json', 'SESSION.MGET', '@defaults', 'theme', 'missing'))).toEqual(['dark', null]);
    expect(await cli('SESSION.ENDALL')).toBe('1');
  });

  it('authenticates as a user', async () => {
    const reader = (...args: string[]) =>
      run('redis-cli', [...user, '--user', 'reader', ...args], { env: { REDISCLI_AUTH: 'only-looks' } });
    expect(await reader('SESSION.EXISTS', 'x')).toBe('0\n');
    expect(await reader('SESSION.NEW', 'x')).toMatch(/^NOPERM User reader has no permissions to run the 'session.new'/);
  });

  it('--stat', async () => {
    await cli('SESSION.NEW', 'x', '3600');
    // Line by line. Otherwise it would fill a buffer first.
    const stat = new Tool('stdbuf', ['-oL', 'redis-cli', ...user, '-i', '0.05', '--stat'], env);
    await stat.until(/(\n\d.*){3}\n/);
    await stat.stop();
    const rows = stat.output
      .split('\n')
      .filter((line) => /^\d/.test(line))
      .map((line) => /^(\d+) +(\S+) +(\d+) +(\d+) +(\d+) \(\+(\d+)\) +(\d+)/.exec(line)?.slice(1));
    for (const [i, row] of rows.slice(1, 3).entries()) {
      const [keys, memory, clients, blocked, requests, more, connections] = row ?? [];
      expect([keys, blocked, more]).toEqual(['1', '0', '1']);
      expect(clients).toMatch(/^[1-9]$/);
      expect(memory).toMatch(/^\d+\.\d\dM$/);
      expect(Number(requests)).toBe(Number(rows[i]?.[4]) + 1);
      expect(Number(connections)).toBeGreaterThan(1);
    }
    await cli('SESSION.ENDALL');
  });

  it('--latency', async () => {
    const [min, max, average, count] = (await cli('-i', '0.1', '--latency', '--raw')).split(' ').map(Number);
    expect(min).toBeLessThanOrEqual(average);
    expect(average).toBeLessThanOrEqual(max);
    expect(count).toBeGreaterThan(0);
  });

  it('--bigkeys, --memkeys and --scan', async () => {
    await cli('SESSION.NEW', 'basket', 'SHARED', 'DATA', 'a', '1', 'b', '2');
    await cli('SESSION.NEW', 'bill', '3600', 'SHARED', 'DATA', 'a', 'x'.repeat(10_000));
    await cli('SESSION.NEW', 'user', 'DATA', 'a', '1', 'b', '2', 'c', '3');
    expect((await cli('--scan')).split('\n').sort()).toEqual(['basket', 'bill']);
    expect(await cli('--scan', '--pattern', 'bas*')).toBe('basket');
    const big = await cli('--bigkeys');
    expect(big).toContain('Sampled 2 keys in the keyspace!');
    expect(big).toContain(`Biggest   hash found '"basket"' has 2 fields`);
    expect(big).toContain('2 hashs with 3 fields (100.00% of keys, avg size 1.50)');
    const [, bytes] = /Biggest {3}hash found '"bill"' has (\d+) bytes/.exec(await cli('--memkeys')) ?? [];
    expect(Number(bytes)).toBeGreaterThan(10_000);
    expect(await cli('MEMORY', 'USAGE', 'bill')).toBe(bytes);
    await cli('SESSION.ENDALL');
  });

  it('MONITOR shows what clients do, in quotes, but no credentials', async () => {
    const monitor = start('MONITOR');
    await monitor.until(/^OK\n/);
    await cli('AUTH', 'default', PASSWORD);
    await cli('HELLO', '3', 'AUTH', 'default', PASSWORD);
    await cli('CONFIG', 'SET', 'requirepass', PASSWORD);
    await cli('ECHO', 'a "quoted"\n word');
    await cli('ECHO', 'the last');
    await monitor.until(/the last/);
    await monitor.stop();
    const lines = monitor.output.trimEnd().split('\n').slice(1);
    expect(lines.find((line) => line.includes('quoted'))).toMatch(
      /^\d{10}\.\d{6} \[0 127\.0\.0\.1:\d+\] "ECHO" "a \\"quoted\\"\\n word"$/,
    );
    expect(lines.join('\n')).not.toMatch(new RegExp(`${PASSWORD}|auth|hello|config`, 'i'));
  });

  it.each([
    ['SUBSCRIBE', '__session__:ended:user', ['message', '__session__:ended:user']],
    ['PSUBSCRIBE', '__session__:ended:*', ['pmessage', '__session__:ended:*', '__session__:ended:user']],
  ])('%s gets an event', async (command, channel, heard) => {
    const subscriber = start(command, channel);
    await subscriber.until(/\n1\n/);
    const token = await cli('SESSION.NEW', 'user');
    await cli('SESSION.END', token);
    await subscriber.until(new RegExp(`${token}\n`));
    expect(subscriber.output).toBe([command.toLowerCase(), channel, '1', ...heard, token, ''].join('\n'));
    await subscriber.stop();
  });

  it('CLIENT LIST and INFO', async () => {
    const list = await cli('CLIENT', 'LIST');
    expect(list).toMatch(
      new RegExp(`^id=\\d+ addr=127\\.0\\.0\\.1:\\d+ .* cmd=client\\|list user=default .* resp=${protocol[1]}`, 'm'),
    );
    const info = await run('redis-cli', [...user, 'INFO', 'everything'], { env });
    for (const section of ['Server', 'Clients', 'Memory', 'Stats', 'CPU', 'Commandstats', 'Keyspace']) {
      expect(info).toMatch(new RegExp(`^# ${section}\r$`, 'm'));
    }
    expect(info).toMatch(/^connected_clients:[1-9]\r$/m);
    expect(info).toMatch(
      /^cmdstat_client\|list:calls=\d+,usec=\d+,usec_per_call=[\d.]+,rejected_calls=0,failed_calls=0\r$/m,
    );
  });

  it('SLOWLOG GET, without tokens', async () => {
    await cli('CONFIG', 'SET', 'slowlog-log-slower-than', '0');
    await cli('SLOWLOG', 'RESET');
    const token = await cli('SESSION.NEW', 'user', 'DATA', 'cart', 'pizza');
    await typed('CLIENT SETNAME shop', `SESSION.GET ${token} cart`);
    const log = await cli('SLOWLOG', 'GET', '100');
    await cli('CONFIG', 'SET', 'slowlog-log-slower-than', '10000');
    expect(log).toMatch(/SESSION\.GET\n\(redacted\)\ncart\n127\.0\.0\.1:\d+\nshop\n/);
    expect(log).toMatch(/SESSION\.NEW\nuser\nDATA\ncart\npizza\n/);
    expect(log).not.toContain(token);
    expect(log).not.toContain(PASSWORD);
    await cli('SLOWLOG', 'RESET');
    expect(await cli('SLOWLOG', 'LEN')).toBe('0');
    await cli('SESSION.ENDALL');
  });

  it('LATENCY HISTOGRAM and MEMORY STATS', async () => {
    await cli('ECHO', 'x');
    const json = async (...args: string[]) => mapOf(JSON.parse(await cli('--json', ...args)));
    const { calls: echoes, histogram_usec: histogram } = mapOf((await json('LATENCY', 'HISTOGRAM', 'echo')).echo);
    expect(Object.values(mapOf(histogram)).at(-1)).toBe(echoes);
    const memory = await json('MEMORY', 'STATS');
    expect(memory['total.allocated']).toBeGreaterThan(Number(memory['startup.allocated']));
    expect(Number(memory['peak.percentage'])).toBeGreaterThan(50);
    expect(await typed('MEMORY STATS')).toMatch(
      protocol === '-3' ? /"peak\.percentage" => \(double\) [\d.]+/ : /"peak\.percentage"\n *\d+\) "[\d.]+"/,
    );
  });

  it('CONFIG GET and SET, with a clear error for options that are set only at the start', async () => {
    expect(await cli('CONFIG', 'SET', 'timeout', '60')).toBe('OK');
    expect(await cli('CONFIG', 'GET', 'time*')).toMatch(/^timeout[\n ]60$/);
    expect(await cli('CONFIG', 'SET', 'port', '7000')).toMatch(
      /^ERR CONFIG SET failed .*'port'.* can be set only when the server starts/,
    );
  });
});
