import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type Config, createServer } from '../../src/index.js';
import { connectTo, keepLog, startServer, stopServers } from '../embedded-server.js';
import { FakeClock } from '../fake-clock.js';
import { send } from '../http/send.js';
import { TestReceiver } from '../webhooks/receiver.js';
import { askWith } from './ask.js';

const receivers: TestReceiver[] = [];
const directory = mkdtempSync(join(tmpdir(), 'respite-webhooks-'));
afterEach(async () => {
  for (const receiver of receivers.splice(0)) await receiver.stop();
  await stopServers();
});

async function receive(port = 0): Promise<TestReceiver> {
  const receiver = await TestReceiver.start(port);
  receivers.push(receiver);
  return receiver;
}

const lineFor = ({ port }: TestReceiver, options: string) =>
  `http://ada:pw@127.0.0.1:${port}/path-secret?query=secret name=shop private=yes ${options}`;

async function start(webhook: string, config: Partial<Config> = {}) {
  const log = keepLog();
  let given: Partial<Config> = { 'events-stream': true, webhook, ...config };
  const server = await startServer(given, { log, source: { read: () => ({ bind: '127.0.0.1', port: 0, ...given }) } });
  const client = await connectTo(server);
  const reload = (changes: Partial<Config>) => {
    given = { ...given, ...changes };
    return server.reload();
  };
  return { server, client, log, reload };
}

describe('a server with a webhook', () => {
  it('posts what happens to sessions, and never a token', async () => {
    const receiver = await receive();
    const { client } = await start(lineFor(receiver, 'data=yes'));
    const token = await askWith(client, 'SESSION.NEW', 'basket', '1800', 'DATA', 'pizza', '2');
    const next = await askWith(client, 'SESSION.ROTATE', token);
    await askWith(client, 'SESSION.END', next);
    await askWith(client, 'SET', 'plain', 'value');
    await askWith(client, 'DEL', 'plain');
    await receiver.until(() => receiver.events.length === 5);
    const of = (name: string) => receiver.events.filter((each) => each.name === name);
    expect(of('basket').map(({ event, keys }) => [event, keys])).toEqual([
      ['new', undefined],
      ['rotated', undefined],
      ['ended', { pizza: '2' }],
    ]);
    expect(of('plain').map(({ event }) => event)).toEqual(['new', 'ended']);
    expect(new Set(of('basket').map(({ id }) => id)).size).toBe(1);
    for (const body of receiver.bodies) for (const secret of [token, next]) expect(body).not.toContain(secret);
  });

  it('says in INFO, in the metrics and in the log how it is, without its URL', async () => {
    const receiver = await receive();
    receiver.status = 500;
    const { client, log, server } = await start(lineFor(receiver, 'events=ended'), { 'http-port': 0 });
    const end = async () => {
      await askWith(client, 'SESSION.END', await askWith(client, 'SESSION.NEW', 'basket'));
    };
    await end();
    await receiver.until(() => receiver.requests === 1);
    const info = async () => await askWith(client, 'INFO', 'webhooks');
    await expect
      .poll(info, { timeout: 60_000 })
      .toMatch(/webhook0:name=shop,state=failing,requests=1,failed_requests=1/);
    expect(await info()).toMatch(/webhooks:1\r\n.*delivered=0,dead_letters=0,waiting=1,lag_ms=\d+,last_success=0/);
    const metrics = async () => (await send(server, '/metrics')).text;
    expect(await metrics()).toContain('respite_webhook_up{webhook="shop"} 0');
    receiver.status = 200;
    await receiver.until(() => receiver.events.length === 1);
    await expect.poll(info, { timeout: 60_000 }).toMatch(/state=ok.*,delivered=1,dead_letters=0,waiting=0,lag_ms=0,/);
    expect(await metrics()).toContain('respite_webhook_delivered_events_total{webhook="shop"} 1');
    expect(log.lines).toContain('a request of the webhook shop failed, and is repeated later: the response was 500');
    const all = [
      ...log.lines,
      ...log.entries.map(({ fields }) => JSON.stringify(fields)),
      await metrics(),
      await info(),
    ];
    expect(all.join('\n')).not.toMatch(/path-secret|query=secret|ada|pw@/);
    expect(await askWith(client, 'CONFIG', 'GET', 'webhook')).toBe('');
  });

  it('adds, changes and removes webhooks when the configuration is reloaded', async () => {
    const [receiver, other] = [await receive(), await receive()];
    const { client, reload } = await start('');
    const end = async (name: string) => {
      await askWith(client, 'SESSION.END', await askWith(client, 'SESSION.NEW', name));
    };
    await end('before');
    expect(reload({ webhook: lineFor(receiver, 'events=ended') }).changed).toEqual(['webhook']);
    await expect.poll(async () => await askWith(client, 'INFO', 'webhooks'), { timeout: 60_000 }).toContain('shop');
    await end('first');
    await receiver.until(() => receiver.events.length === 1);
    receiver.status = 500;
    await end('second');
    await receiver.until(() => receiver.requests === 2);
    // What is pending goes to the new URL.
    expect(reload({ webhook: lineFor(other, 'events=ended') }).changed).toEqual(['webhook']);
    await other.until(() => other.events.length === 1);
    expect([...receiver.events, ...other.events].map(({ name }) => name)).toEqual(['first', 'second']);
    expect(reload({}).changed).toEqual([]);
    expect(reload({ webhook: '' }).changed).toEqual(['webhook']);
    await expect
      .poll(async () => await askWith(client, 'INFO', 'webhooks'), { timeout: 60_000 })
      .toContain('webhooks:0');
  });

  it('removes a webhook at once, also while another one still waits for a response', async () => {
    const [silent, removed] = [await receive(), await receive()];
    silent.status = undefined;
    const first = lineFor(silent, 'events=ended');
    const second = lineFor(removed, 'events=ended').replace('name=shop', 'name=removed');
    const { client, reload } = await start(`${first}\n${second}`);
    const end = async () => await askWith(client, 'SESSION.END', await askWith(client, 'SESSION.NEW', 'a'));
    await end();
    await silent.until(() => silent.requests === 1);
    await removed.until(() => removed.requests === 1);
    reload({ webhook: `${first} batch=2\n${second}` });
    reload({ webhook: `${first} batch=2` });
    await end();
    await silent.until(() => silent.requests === 2);
    expect(removed.requests).toBe(1);
    expect(await askWith(client, 'XINFO', 'GROUPS', '__session__')).not.toContain('webhook:removed');
  });

  it('uses new secrets after a reload, and changes nothing if they cannot be read', async () => {
    const receiver = await receive();
    const file = join(directory, 'secret');
    const [old, next] = [1, 2].map((fill) => `whsec_${Buffer.alloc(24, fill).toString('base64')}`);
    writeFileSync(file, `# the old one\n${old}\n`);
    receiver.secret = old;
    const { client, reload } = await start(lineFor(receiver, `events=new secret-file=${file}`));
    await askWith(client, 'SESSION.NEW', 'a');
    await receiver.until(() => receiver.events.length === 1);
    writeFileSync(file, 'whsec_short\n');
    expect(() => reload({})).toThrow(`webhook shop, secret-file ${file}: expected whsec_ and the base64 of 24 to 64`);
    writeFileSync(file, `${old}\r\n${next}\r\n`);
    receiver.secret = next;
    expect(reload({}).changed).toEqual(['webhook']);
    await askWith(client, 'SESSION.NEW', 'b');
    await receiver.until(() => receiver.events.length === 2);
    expect(receiver.headers[1]['webhook-signature'].split(' ')).toHaveLength(2);
    rmSync(file);
    expect(() => reload({})).toThrow(`webhook shop, secret-file: cannot read ${file}: ENOENT`);
  });

  it('logs when a receiver begins to fail and when it is back, and what was given up', async () => {
    const receiver = await receive();
    receiver.status = 500;
    const clock = new FakeClock();
    const log = keepLog();
    const webhook = lineFor(receiver, 'events=new retry-for=30');
    const server = await startServer({ 'events-stream': true, webhook }, { clock, log });
    const client = await connectTo(server);
    /** Lets time pass until something has happened. */
    const pass = (isTrue: () => boolean) =>
      expect
        .poll(
          () => {
            clock.advance(500);
            return isTrue();
          },
          { timeout: 60_000, interval: 5 },
        )
        .toBe(true);
    await askWith(client, 'SESSION.NEW', 'a');
    await pass(() => server.isListening && log.lines.some((line) => line.includes('gave up the event new')));
    receiver.status = 200;
    await askWith(client, 'SESSION.NEW', 'b');
    await pass(
      () => log.lines.some((line) => line.startsWith('dead letters of the webhook shop')) || receiver.events.length > 0,
    );
    await pass(() => log.entries.some(({ fields }) => fields?.event === 'webhook-failure' && fields.state === 'over'));
    const failures = log.entries.filter(({ fields }) => fields?.event === 'webhook-failure');
    expect(failures.map(({ fields }) => [fields?.state, fields?.webhook])).toEqual([
      ['begins', 'shop'],
      ['over', 'shop'],
    ]);
    expect(failures[1].message).toMatch(/^failures of the webhook shop are over: \d+ requests in \d+ s$/);
  });

  it('sends events again if its group is set back', async () => {
    const receiver = await receive();
    const { client } = await start(lineFor(receiver, 'events=new'));
    await askWith(client, 'SESSION.NEW', 'a');
    await receiver.until(() => receiver.events.length === 1);
    expect(await askWith(client, 'XGROUP', 'SETID', '__session__', 'webhook:shop', '0')).toBe('OK');
    await askWith(client, 'SESSION.NEW', 'b');
    await receiver.until(() => receiver.events.length === 3);
    expect(receiver.events.map(({ name }) => name)).toEqual(['a', 'a', 'b']);
    expect(receiver.headers[1]['webhook-id']).toBe(receiver.headers[0]['webhook-id']);
  });

  it('is disabled by 410 until the configuration is reloaded', async () => {
    const receiver = await receive();
    receiver.status = 410;
    const { client, reload, log } = await start(lineFor(receiver, 'events=new'));
    await askWith(client, 'SESSION.NEW', 'a');
    await askWith(client, 'SESSION.NEW', 'b');
    await expect.poll(() => log.lines.join(), { timeout: 60_000 }).toContain('answered 410');
    receiver.status = 200;
    expect(reload({}).changed).toEqual([]);
    await receiver.until(() => receiver.events.length === 2);
  });

  it('starts without a receiver, and delivers once there is one', async () => {
    const receiver = await receive();
    const { port } = receiver;
    await receiver.stop();
    receivers.splice(0);
    const { client } = await start(`http://127.0.0.1:${port}/ private=yes events=ended`);
    await askWith(client, 'SESSION.END', await askWith(client, 'SESSION.NEW', 'basket'));
    await expect
      .poll(async () => await askWith(client, 'INFO', 'webhooks'), { timeout: 60_000 })
      .toContain('state=failing');
    const back = await receive(port);
    await back.until(() => back.events.length === 1);
  });

  it.each([
    [{ webhook: 'https://shop.example/' }, 'webhook needs events-stream yes when respite starts'],
    [{ webhook: 'ftp://shop.example/' }, 'option webhook: expected a URL that begins with https:// or http://'],
    [
      { webhook: 'https://shop.example/ secret-file=/nowhere', 'events-stream': true },
      'webhook shop.example, secret-file: cannot read /nowhere',
    ],
    [
      { webhook: `https://shop.example/ tls-ca=${import.meta.filename}`, 'events-stream': true },
      'expected certificates in PEM',
    ],
  ])('does not start with %j', (config, message) => {
    expect(() => createServer(config)).toThrow(message);
  });
});
