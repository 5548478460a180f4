import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { version } from '../../src/version.js';
import { temporaryDirectory } from '../journal/temporary-directory.js';
import { frame, RawClient } from '../raw-client.js';
import { freePort } from '../tools/free-port.js';
import { linesOf, Program, runToEnd } from '../tools/program.js';

const jsonLines = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

/** Connects, sends requests, and waits until the connection is closed. */
async function visit(program: Program, ...requests: string[][]): Promise<void> {
  const client = await RawClient.connect(program.port);
  await client.send(Buffer.concat([...requests.map((request) => frame(...request)), frame('QUIT')]));
  await client.takeAll();
}

/** Waits until the log has a text. */
async function logged(program: Program, text: string): Promise<void> {
  while (!program.log.includes(text)) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** Waits until a file has a text. */
async function fileWith(path: string, text: string): Promise<string> {
  for (;;) {
    const content = existsSync(path) ? readFileSync(path, 'utf8') : '';
    if (content.includes(text)) return content;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('the log', () => {
  it('goes to standard error as text, and not to standard output', async () => {
    const program = Program.launch(['--log-level', 'verbose']);
    await program.ready;
    await visit(program, ['CLIENT', 'SETNAME', 'checkout']);
    await logged(program, 'disconnected');
    await program.stop();
    expect(program.output).toBe('');
    expect(program.log).toMatch(/^\S+Z notice respite \S+ is ready on /);
    expect(program.log).toMatch(/^\S+Z verbose client 1 \(127\.0\.0\.1:\d+\) connected$/m);
    expect(program.log).toMatch(/^\S+Z verbose client 1 \(127\.0\.0\.1:\d+, "checkout"\) disconnected$/m);
  });

  it('is JSON lines with log-format json', async () => {
    const program = await Program.start(['--log-format', 'json', '--loglevel', 'debug']);
    await visit(program, ['CLIENT', 'SETNAME', 'checkout'], ['SESSION.GET', 'AAECAwQFBgcICQoLDA0ODw', 'key']);
    await logged(program, 'disconnected');
    await program.stop();
    const lines = jsonLines(program.log);
    for (const line of lines) {
      expect(line).toMatchObject({
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        level: expect.any(String),
      });
    }
    expect(lines[0].message).toContain(`respite ${version} is ready on 127.0.0.1:${program.port}`);
    const address = expect.stringMatching(/^127\.0\.0\.1:\d+$/);
    const client = { client: 1, address, name: 'checkout', user: 'default' };
    expect(lines).toContainEqual(
      expect.objectContaining({ level: 'debug', event: 'error', ...client, command: 'session.get', code: 'NOSESSION' }),
    );
    expect(lines).toContainEqual(expect.objectContaining({ level: 'verbose', event: 'disconnected', ...client }));
    expect(program.log).not.toContain('AAECAwQFBgcICQoLDA0ODw');
  });

  it('gives each line an event that docs/logging.md lists', async () => {
    const directory = temporaryDirectory();
    const file = join(directory, 'respite.conf');
    const users = join(directory, 'users');
    writeFileSync(users, 'shop read,write a\n');
    writeFileSync(
      file,
      `appendonly yes\ndir ${directory}\nport 0\nusers-file users\nloglevel debug\nlog-format json\n`,
    );
    const run = () => Program.launch([file, '--users-file', users, '--requirepass', 'x'], { RESPITE_TYPO: '1' });
    const first = run();
    await first.ready;
    await visit(
      first,
      ['AUTH', 'wrong'],
      ['AUTH', 'x'],
      ['SESSION.NEW', 'user:42'],
      ['SESSION.SAVE', 'nightly'],
      ['SESSION.LOAD', 'nightly'],
      ['CONFIG', 'SET', 'timeout', '100', 'maxmemory', '1'],
      ['CONFIG', 'REWRITE'],
      ['BGREWRITEAOF'],
      ['SESSION.NEW', 'user:42'],
      ['NONSENSE'],
    );
    await logged(first, '"compaction"');
    first.signal('SIGUSR2');
    await logged(first, 'SIGUSR2');
    writeFileSync(users, 'nonsense');
    first.signal('SIGHUP');
    await logged(first, 'cannot reload');
    writeFileSync(users, 'web read,write a\n');
    first.signal('SIGHUP');
    await logged(first, 'reloaded: changed');
    await first.stop();
    const second = run();
    await second.ready;
    await visit(second, ['AUTH', 'x'], ['SHUTDOWN']);
    await second.stop();
    const [, listed] = readFileSync('docs/logging.md', 'utf8').split('## Events\n');
    const lines = jsonLines(`${first.log}\n${second.log}`);
    const events = new Set(lines.map(({ event }) => String(event)));
    for (const line of lines) expect(listed, JSON.stringify(line)).toContain(`\n| \`${line.event}\` |`);
    const expected =
      'ready unknown-variable low-maxmemory loaded compaction data-set reload rewrite signal shutdown stopped ' +
      'failed-authentication out-of-memory connected disconnected error';
    expect([...events]).toEqual(expect.arrayContaining(expected.split(' ')));
  });

  it('has the lines of loglevel and above, which CONFIG SET changes', async () => {
    const program = await Program.start();
    await visit(program, ['CONFIG', 'SET', 'loglevel', 'verbose']);
    await logged(program, 'disconnected');
    await visit(program, ['CONFIG', 'SET', 'loglevel', 'warning']);
    await program.stop();
    const messages = linesOf(program.log).map((line) => line.replace(/^\S+ /, '').replace(/:\d+\)/, ')'));
    expect(messages.slice(1)).toEqual([
      'verbose client 1 (127.0.0.1) disconnected',
      'verbose client 2 (127.0.0.1) connected',
    ]);
  });

  it('goes to logfile, which SIGHUP opens again after it was renamed', async () => {
    const directory = temporaryDirectory();
    const logfile = join(directory, 'respite.log');
    const port = await freePort();
    const program = Program.launch(['--port', String(port), '--logfile', logfile, '--loglevel', 'verbose']);
    await fileWith(logfile, 'is ready on');
    await (await RawClient.connect(port)).expect('PING\r\n', '+PONG\r\n');
    renameSync(logfile, `${logfile}.1`);
    program.signal('SIGHUP');
    while (!existsSync(logfile)) await new Promise((resolve) => setTimeout(resolve, 20));
    const client = await RawClient.connect(port);
    await client.expect('PING\r\n', '+PONG\r\n');
    await program.stop();
    expect(readFileSync(`${logfile}.1`, 'utf8')).toMatch(/is ready on[\s\S]*client 1 \(\S+\) connected\n/);
    expect(readFileSync(logfile, 'utf8')).toMatch(/client 2 \(\S+\) connected\n[\s\S]*notice stopped\n$/);
    expect(program.log).toBe('');
  });

  it('continues in the renamed file if logfile cannot be opened again', async () => {
    const logfile = join(temporaryDirectory(), 'respite.log');
    const program = Program.launch(['--logfile', logfile]);
    await fileWith(logfile, 'is ready on');
    renameSync(logfile, `${logfile}.1`);
    mkdirSync(logfile);
    program.signal('SIGHUP');
    await fileWith(`${logfile}.1`, `warning cannot reopen ${logfile}, so the log goes on in the old file: EISDIR`);
    await program.stop();
    expect(readFileSync(`${logfile}.1`, 'utf8')).toMatch(/notice stopped\n$/);
  });

  it('has the reason if the program cannot start, which is on standard error too', async () => {
    const logfile = join(temporaryDirectory(), 'respite.log');
    const { err } = await runToEnd(['--bind', '198.51.100.1', '--requirepass', 'x', '--logfile', logfile]);
    expect(err).toMatch(/^error: cannot listen on 198\.51\.100\.1/);
    expect(readFileSync(logfile, 'utf8')).toMatch(/ warning cannot start: cannot listen on 198\.51\.100\.1/);
    const missing = join(temporaryDirectory(), 'missing/respite.log');
    expect((await runToEnd(['--logfile', missing])).err).toBe(
      `error: logfile: cannot write ${missing}: ENOENT: no such file or directory\n`,
    );
  });

  it.each(['text', 'json'])(
    'on a full disk (%s): the server goes on, and says later how much it lost',
    async (format) => {
      const logfile = join(temporaryDirectory(), 'respite.log');
      const port = await freePort();
      const args = ['--port', String(port), '--logfile', logfile, '--loglevel', 'verbose', '--log-format', format];
      const program = Program.launch(args);
      const ready = (await fileWith(logfile, 'is ready on')).length;
      const limit = (bytes: number | string) =>
        execFileSync('prlimit', ['--pid', String(program.pid), `--fsize=${bytes}:unlimited`]);
      const connect = async () => {
        const client = await RawClient.connect(port);
        await client.expect('PING\r\n', '+PONG\r\n');
      };
      // There is room for a part of a line.
      limit(ready + 10);
      for (let i = 0; i < 3; i++) await connect();
      limit('unlimited');
      await connect();
      await program.stop();
      const lines = linesOf(readFileSync(logfile, 'utf8').slice(ready));
      expect(lines[0]).toHaveLength(10);
      // A line about a slow machine may be lost as well.
      expect(lines[1]).toMatch(/[3-9] log lines could not be written: EFBIG: file too large/);
      expect(lines[2]).toMatch(/client 4 \(.*\) connected/);
      if (format === 'json') expect(() => jsonLines(lines.slice(1).join('\n'))).not.toThrow();
    },
  );
});
