import { afterEach, describe, expect, it, vi } from 'vitest';
import { originOf } from '../../src/origin.js';
import { AuthThrottle } from '../../src/server/auth-throttle.js';
import { connectTo, keepLog, startServer, stopServers } from '../embedded-server.js';
import { FakeClock } from '../fake-clock.js';
import type { RawClient } from '../raw-client.js';

/** The origins of the next connections; undefined for their real origin. */
const elsewhere = vi.hoisted(() => ({ address: undefined as string | undefined }));
vi.mock('../../src/origin.js', async (importOriginal) => {
  const origin = await importOriginal<typeof import('../../src/origin.js')>();
  return {
    ...origin,
    originOf: (address: string | undefined, onUnixSocket: boolean) =>
      origin.originOf(elsewhere.address ?? address, onUnixSocket),
  };
});

afterEach(async () => {
  elsewhere.address = undefined;
  await stopServers();
});

const WRONG = '-WRONGPASS invalid username-password pair or user is disabled.\r\n';
const tooMany = (wait: string) =>
  `-ERR too many failed attempts to authenticate from your address, try again in ${wait}\r\n`;

async function start(users = 'reader read r; boss admin correct') {
  const clock = new FakeClock();
  const log = keepLog();
  const server = await startServer({ users, requirepass: 'secret', 'auth-timeout': 0 }, { clock, log });
  return { clock, log, server, connect: () => connectTo(server) };
}

/** Makes ten attempts fail, which have no penalty. */
async function guess(client: RawClient, attempts = 10): Promise<void> {
  await client.send('AUTH boss guess\r\n'.repeat(attempts));
  await client.take(WRONG.length * attempts);
}

describe('from this machine', () => {
  it('a client that has ended its side gets all its replies', async () => {
    const { clock, connect } = await start();
    await guess(await connect());
    const [client, other] = [await connect(), await connect()];
    client.socket.end('AUTH boss guess\r\nAUTH secret\r\nPING\r\n');
    await other.expect('AUTH secret\r\nPING\r\n', '+OK\r\n+PONG\r\n');
    // By then the end has arrived as well.
    for (let turns = 0; turns < 20; turns++) await new Promise(setImmediate);
    clock.advance(1000);
    expect(await client.takeAll()).toBe(`${WRONG}+OK\r\n+PONG\r\n`);
  });

  it('wrong answers are delayed more and more, right ones are immediate', async () => {
    const { clock, log, connect } = await start();
    await guess(await connect());
    const [client, other] = [await connect(), await connect()];
    for (const seconds of [1, 2, 4, 8, 16, 16]) {
      let answered = false;
      await client.send('AUTH boss guess\r\n');
      const answer = client.take(WRONG.length).then((text) => {
        answered = true;
        return text;
      });
      // Requests are read in order: by now the guess has been checked.
      await other.expect('HELLO 2 AUTH default secret SETNAME a\r\nRESET\r\n', '*14\r\n');
      await other.takeUntil('+RESET\r\n');
      clock.advance(seconds * 1000 - 1);
      await other.expect('AUTH secret\r\nPING\r\nRESET\r\n', '+OK\r\n+PONG\r\n+RESET\r\n');
      expect(answered).toBe(false);
      clock.advance(1);
      expect(await answer).toBe(WRONG);
    }
    await client.expect('AUTH boss correct\r\n', '+OK\r\n');
    expect(log.lines).toContain(
      'too many failed attempts to authenticate from this machine: the reply is delayed by 1 s',
    );
    clock.advance(600_000);
    await guess(await connect(), 9);
  });

  it('a connection has one attempt at a time, even in a transaction', async () => {
    const { clock, connect } = await start();
    await guess(await connect());
    const client = await connect();
    await client.expect('AUTH reader r\r\nMULTI\r\n', '+OK\r\n+OK\r\n');
    await client.expect('AUTH boss guess\r\nAUTH boss correct\r\nPING\r\n', '+QUEUED\r\n'.repeat(3));
    await client.send('EXEC\r\nCLIENT INFO\r\n');
    const other = await connect();
    await other.expect('AUTH secret\r\n', '+OK\r\n');
    clock.advance(1000);
    expect(await client.takeUntil('+PONG\r\n')).toBe(`*3\r\n${WRONG}${tooMany('1 second')}+PONG\r\n`);
    expect(await client.takeUntil('lib-ver=')).toContain(' user=reader ');
  });

  it('a client that leaves and a server that stops do not wait', async () => {
    const { clock, connect, server } = await start();
    await guess(await connect());
    const [client, other] = [await connect(), await connect()];
    await client.send('AUTH boss guess\r\n');
    await other.expect('AUTH secret\r\n', '+OK\r\n');
    const waiting = clock.waiting;
    await other.expect(`CLIENT KILL ID 2\r\n`, ':1\r\n');
    expect(clock.waiting).toBe(waiting - 1);
    await client.takeAll();
    const last = await connect();
    await last.send('PING\r\nAUTH boss guess\r\n');
    await other.expect('PING\r\n', '+PONG\r\n');
    const closed = server.close();
    expect(await last.takeAll()).toBe(`-NOAUTH Authentication required.\r\n${WRONG}`);
    await closed;
  });
});

describe('from elsewhere', () => {
  it('nothing is checked until the penalty is over, whether the password is right or wrong', async () => {
    elsewhere.address = '203.0.113.7';
    const { clock, connect } = await start();
    await guess(await connect());
    const [client, other] = [await connect(), await connect()];
    await client.send('AUTH boss guess\r\n');
    await other.expect('AUTH boss wrong\r\nAUTH boss correct\r\n', tooMany('1 second').repeat(2));
    clock.advance(1000);
    await client.expect('', WRONG);
    await client.send('AUTH boss guess\r\n');
    await other.expect('HELLO 3 AUTH boss correct\r\n', tooMany('2 seconds'));
    elsewhere.address = '203.0.113.8';
    await (await connect()).expect('AUTH boss correct\r\n', '+OK\r\n');
    clock.advance(2000);
    await other.expect('AUTH boss correct\r\n', '+OK\r\n');
  });

  it('a user who has logged in from there before always can, but not as somebody else', async () => {
    elsewhere.address = '2001:db8::1';
    const { connect } = await start();
    await (await connect()).expect('AUTH reader r\r\n', '+OK\r\n');
    await guess(await connect());
    elsewhere.address = '2001:db8::2';
    const client = await connect();
    await client.send('AUTH reader guess\r\n');
    const [reader, boss] = [await connect(), await connect()];
    await boss.expect('AUTH boss correct\r\n', tooMany('1 second'));
    await reader.expect('AUTH reader r\r\n', '+OK\r\n');
    await boss.expect('AUTH boss correct\r\n', tooMany('1 second'));
  });
});

describe('AuthThrottle', () => {
  it('remembers only the latest failures', () => {
    const clock = new FakeClock();
    const throttle = new AuthThrottle(clock);
    for (let i = 0; i < 11; i++) throttle.failed('1.2.3.4');
    expect(throttle.delay('1.2.3.4', 'a')).toBe(1000);
    for (let i = 0; i < 9_999; i++) throttle.failed(`origin ${i}`);
    expect(throttle.delay('1.2.3.4', 'a')).toBe(1000);
    throttle.failed('one more');
    expect(throttle.delay('1.2.3.4', 'a')).toBe(0);
    for (let i = 0; i < 10_001; i++) throttle.succeeded(`member ${i}`, 'a');
    for (let i = 0; i < 11; i++) {
      throttle.failed('member 0');
      throttle.failed('member 10000');
    }
    expect([throttle.delay('member 0', 'a'), throttle.delay('member 10000', 'a')]).toEqual([1000, 0]);
  });

  it.each([
    ['127.0.0.1', 'this machine'],
    ['::1', 'this machine'],
    ['::ffff:127.0.0.1', 'this machine'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['203.0.113.7', '203.0.113.7'],
    ['2001:db8::7', '2001:db8:0:0::/64'],
    ['2001:0DB8:0:0:1:2:3:4', '2001:db8:0:0::/64'],
    ['2001:db8:a:b::', '2001:db8:a:b::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::7', '0:0:0:0::/64'],
    [undefined, 'nowhere'],
  ])('the origin of %s is %s', (address, origin) => {
    expect(originOf(address, false)).toBe(origin);
  });
});
