import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Program, runToEnd } from '../tools/program.js';
import { withoutPackages } from '../tools/without-packages.js';
import { SECRET, TestReceiver } from '../webhooks/receiver.js';

const root = realpathSync(mkdtempSync(join(tmpdir(), 'respite-webhooks-')));
afterAll(() => rmSync(root, { recursive: true }));

let directory = root;
let receiver: TestReceiver;
let tests = 0;
beforeEach(async () => {
  directory = join(root, String(tests++));
  mkdirSync(directory);
  receiver = await TestReceiver.start();
  writeFileSync(join(directory, 'secret'), `${SECRET}\n`);
});
afterEach(() => receiver.stop());

const line = (options: string) =>
  `webhook http://127.0.0.1:${receiver.port}/ name=shop private=yes secret-file=${directory}/secret ${options}`;

function configFile(...lines: string[]): string {
  const file = join(directory, 'respite.conf');
  writeFileSync(file, ['events-stream yes', `dir ${directory}/data`, ...lines, ''].join('\n'));
  return file;
}

describe('the program with a webhook', () => {
  it('delivers after a SIGKILL what was not delivered before, and each event in the order of its session', async () => {
    const file = configFile('appendonly yes', 'appendfsync always', line('events=new,ended data=yes'));
    receiver.status = 500;
    let program = await Program.start([file]);
    const sessions = 20;
    let redis = program.client();
    for (let i = 0; i < sessions; i++) {
      const token = String(await redis.call('SESSION.NEW', `basket:${i}`, 1800, 'DATA', 'pizza', i));
      await redis.call('SESSION.END', token);
    }
    await receiver.until(() => receiver.requests > 0);
    await program.kill();
    receiver.status = 204;
    program = await Program.start([file]);
    await receiver.until(() => new Set(receiver.bodies).size === 2 * sessions);
    for (let i = 0; i < sessions; i++) {
      const mine = receiver.events.filter(({ name }) => name === `basket:${i}`);
      expect([...new Set(mine.map(({ event }) => event))]).toEqual(['new', 'ended']);
      expect(mine.at(-1)?.keys).toEqual({ pizza: String(i) });
    }
    // What was acknowledged does not come again.
    redis = program.client();
    await expect.poll(() => redis.info('webhooks'), { timeout: 60_000 }).toMatch(/,waiting=0,/);
    await program.kill();
    const before = receiver.events.length;
    program = await Program.start([file]);
    await program.client().call('SESSION.NEW', 'last');
    await receiver.until(() => receiver.events.some(({ name }) => name === 'last'));
    expect(receiver.events.length).toBe(before + 1);
    await program.stop();
  });

  it('reloads its webhooks on SIGHUP, and CONFIG REWRITE keeps their lines', async () => {
    const file = configFile();
    const program = await Program.start([file]);
    const redis = program.client();
    configFile(line('events=ended'), 'webhook http://127.0.0.1:9/ private=yes # a word too many');
    program.signal('SIGHUP');
    await expect.poll(() => program.log, { timeout: 60_000 }).toContain(`${file}:4: webhook: after the URL, expected`);
    configFile(line('events=ended'), 'webhook http://127.0.0.1:9/ private=yes');
    program.signal('SIGHUP');
    await expect.poll(() => redis.info('webhooks'), { timeout: 60_000 }).toMatch(/name=shop[\s\S]*name=127\.0\.0\.1:9/);
    await redis.call('SESSION.END', String(await redis.call('SESSION.NEW', 'basket')));
    await receiver.until(() => receiver.events.length === 1);
    await redis.config('SET', 'timeout', '77');
    await redis.config('REWRITE');
    const rewritten = readFileSync(file, 'utf8');
    expect(rewritten).toContain(line('events=ended'));
    expect(rewritten).toMatch(/webhook http:\/\/127\.0\.0\.1:9\/ private=yes[\s\S]*timeout 77/);
    configFile();
    program.signal('SIGHUP');
    await expect.poll(() => redis.info('webhooks'), { timeout: 60_000 }).toContain('webhooks:0');
    expect(await redis.xinfo('GROUPS', '__session__')).toEqual([]);
    await program.stop();
  });

  it('needs the package that signs only if messages are signed', async () => {
    const environment = withoutPackages('standardwebhooks');
    const signed = await runToEnd([configFile(line('data=yes'))], environment);
    expect([signed.code, signed.err]).toEqual([
      1,
      'error: a webhook with a secret needs the package standardwebhooks: npm install standardwebhooks\n',
    ]);
    const program = await Program.start([configFile(line('events=new').replace(/secret-file=\S+/, ''))], environment);
    await program.client().call('SESSION.NEW', 'basket');
    await receiver.until(() => receiver.events.length === 1);
    expect(receiver.headers[0]['webhook-signature']).toBeUndefined();
    await program.stop();
  });

  it('checks its lines and files with --check-config, and shows no URL', async () => {
    const good = await runToEnd(['--check-config', configFile(line('data=yes'))]);
    expect(good.err).toBe('');
    expect(good.out).toMatch(/^webhook +\*\*\* +.*respite\.conf:3$/m);
    writeFileSync(join(directory, 'secret'), 'hunter2');
    const bad = await runToEnd(['--check-config', configFile(line('data=yes'))]);
    expect(bad.code).toBe(1);
    expect(bad.err).toBe(
      `error: webhook shop, secret-file ${directory}/secret: expected whsec_ and the base64 of 24 to 64 random bytes\n`,
    );
  });
});
