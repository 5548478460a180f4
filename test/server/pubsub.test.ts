import { afterEach, describe, expect, it } from 'vitest';
import { PubSubHub } from '../../src/server/pubsub-hub.js';
import { connectTo, keepLog, startServer, stopServers } from '../embedded-server.js';
import { FakeClock } from '../fake-clock.js';
import { frame } from '../raw-client.js';

afterEach(stopServers);

describe('pub/sub', () => {
  it('subscribes, unsubscribes and counts as Redis does', async () => {
    const client = await connectTo(await startServer());
    await client.expect(
      'SUBSCRIBE a b a\r\nPSUBSCRIBE x*\r\nUNSUBSCRIBE b nope\r\nUNSUBSCRIBE\r\nPUNSUBSCRIBE\r\nUNSUBSCRIBE\r\nPUNSUBSCRIBE\r\n',
      '*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n*3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:2\r\n*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:2\r\n' +
        '*3\r\n$10\r\npsubscribe\r\n$2\r\nx*\r\n:3\r\n' +
        '*3\r\n$11\r\nunsubscribe\r\n$1\r\nb\r\n:2\r\n*3\r\n$11\r\nunsubscribe\r\n$4\r\nnope\r\n:2\r\n' +
        '*3\r\n$11\r\nunsubscribe\r\n$1\r\na\r\n:1\r\n' +
        '*3\r\n$12\r\npunsubscribe\r\n$2\r\nx*\r\n:0\r\n' +
        '*3\r\n$11\r\nunsubscribe\r\n$-1\r\n:0\r\n' +
        '*3\r\n$12\r\npunsubscribe\r\n$-1\r\n:0\r\n',
    );
    await client.expect('SESSION.EXISTS x\r\n', ':0\r\n');
  });

  it('a RESP2 subscriber can only subscribe, unsubscribe, PING, QUIT and RESET', async () => {
    const client = await connectTo(await startServer());
    await client.send('SUBSCRIBE a\r\n');
    await client.takeUntil(':1\r\n');
    const refusal =
      "-ERR Can't execute 'session.get': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context\r\n";
    await client.expect('SESSION.GET x y\r\n', refusal);
    await client.expect('PING\r\n', '*2\r\n$4\r\npong\r\n$0\r\n\r\n');
    await client.expect('PING hi\r\n', '*2\r\n$4\r\npong\r\n$2\r\nhi\r\n');
    await client.expect('RESET\r\n', '+RESET\r\n');
    await client.expect('PING\r\n', '+PONG\r\n');
    await client.expect('PUBLISH a x\r\n', ':0\r\n');
  });

  it('PUBSUB shows channels, patterns and numbers of subscribers', async () => {
    const server = await startServer();
    const [client, other] = [await connectTo(server), await connectTo(server)];
    await client.send('SUBSCRIBE news:1 news:2\r\nPSUBSCRIBE n* m*\r\n');
    await client.takeUntil(':4\r\n');
    await other.send('PSUBSCRIBE n*\r\nRESET\r\nHELLO 3\r\nSUBSCRIBE news:1\r\nPSUBSCRIBE n*\r\n');
    await other.takeUntil(':2\r\n');
    const observer = await connectTo(server);
    await observer.expect('PUBSUB CHANNELS *:2\r\n', '*1\r\n$6\r\nnews:2\r\n');
    await observer.expect('PUBSUB CHANNELS nothing\r\n', '*0\r\n');
    await observer.expect('PUBSUB NUMSUB news:1 none\r\n', '*4\r\n$6\r\nnews:1\r\n:2\r\n$4\r\nnone\r\n:0\r\n');
    await observer.expect('PUBSUB NUMPAT\r\n', ':2\r\n');
    // A client gets a message for the channel and one for each matching pattern.
    await observer.expect('PUBLISH news:1 x\r\n', ':4\r\n');
    other.close();
    for (;;) {
      await observer.send('PUBSUB NUMSUB news:1\r\n');
      if (((await observer.takeUntil('news:1\r\n:')) && (await observer.take(3))) === '1\r\n') break;
    }
    await observer.expect('PUBSUB NUMPAT\r\n', ':2\r\n');
  });

  it('only the server can publish session events, even in a transaction', async () => {
    const server = await startServer({ users: 'boss read,write,events,admin secret' });
    const client = await connectTo(server);
    await client.expect('AUTH boss secret\r\n', '+OK\r\n');
    const refusal = '-ERR channels whose names start with "__session" are reserved for the events of the server\r\n';
    for (const channel of ['__session__:expired:x', '__sessiondata__:expired:x', '__session', '__sessions']) {
      await client.expect(frame('PUBLISH', channel, 'x'), refusal);
    }
    await client.expect(
      'MULTI\r\nPUBLISH __session__:ended:x y\r\nPUBLISH a y\r\nEXEC\r\n',
      `+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n${refusal}:0\r\n`,
    );
    // As in Redis.
    await client.expect('PUBLISH __keyspace@0__:x set\r\nPUBLISH __sessio x\r\n', ':0\r\n:0\r\n');
  });

  describe.each([2, 3] as const)('CLIENT REPLY over RESP%i', (protocol) => {
    const [push, none] = protocol === 2 ? ['*', '$-1'] : ['>', '_'];
    const confirmation = (kind: string, channel: string | undefined, count: number) =>
      `${push}3\r\n$${kind.length}\r\n${kind}\r\n` +
      `${channel === undefined ? none : `$${channel.length}\r\n${channel}`}\r\n:${count}\r\n`;

    const connect = async () => {
      const client = await connectTo(await startServer());
      if (protocol === 2) return client;
      await client.send('HELLO 3\r\n');
      await client.takeUntil('modules\r\n*0\r\n');
      return client;
    };

    // The replies of redis-server 7.0.
    it('OFF suppresses replies and errors, but not confirmations', async () => {
      const client = await connect();
      await client.expect(
        'CLIENT REPLY OFF\r\nPING\r\nSUBSCRIBE\r\nSUBSCRIBE a b\r\nPSUBSCRIBE x*\r\nPING\r\nUNSUBSCRIBE a\r\nUNSUBSCRIBE\r\n' +
          'PUNSUBSCRIBE\r\nPUNSUBSCRIBE\r\nMULTI\r\nSUBSCRIBE c\r\nPING\r\nEXEC\r\nUNSUBSCRIBE\r\nCLIENT REPLY ON\r\nPING\r\n',
        [
          confirmation('subscribe', 'a', 1),
          confirmation('subscribe', 'b', 2),
          confirmation('psubscribe', 'x*', 3),
          confirmation('unsubscribe', 'a', 2),
          confirmation('unsubscribe', 'b', 1),
          confirmation('punsubscribe', 'x*', 0),
          confirmation('punsubscribe', undefined, 0),
          confirmation('subscribe', 'c', 1),
          confirmation('unsubscribe', 'c', 0),
          '+OK\r\n+PONG\r\n',
        ].join(''),
      );
    });

    it('SKIP does not suppress a confirmation either, and ends with it', async () => {
      const client = await connect();
      await client.expect(
        'CLIENT REPLY SKIP\r\nSUBSCRIBE a\r\nUNSUBSCRIBE a\r\nCLIENT REPLY SKIP\r\nPUNSUBSCRIBE\r\nPING\r\n',
        confirmation('subscribe', 'a', 1) +
          confirmation('unsubscribe', 'a', 0) +
          confirmation('punsubscribe', undefined, 0) +
          '+PONG\r\n',
      );
    });
  });

  it('limits how much one client can subscribe to', async () => {
    const client = await connectTo(await startServer());
    await client.expect(
      frame('SUBSCRIBE', 'x'.repeat(1025)),
      '-ERR the name of a channel must not be longer than 1024 bytes\r\n',
    );
    await client.expect(frame('PSUBSCRIBE', 'x'.repeat(1025)), '-ERR a pattern must not be longer than 1024 bytes\r\n');
    await client.send(frame('SUBSCRIBE', ...Array.from({ length: 100_001 }, (_, i) => String(i))));
    await client
      .take('-ERR a client cannot have more than 100000 subscriptions\r\n'.length)
      .then((reply) => expect(reply).toBe('-ERR a client cannot have more than 100000 subscriptions\r\n'));
  });

  it('sends large messages completely and in order to each subscriber, however late they are read', async () => {
    const server = await startServer();
    const publisher = await connectTo(server);
    const subscribers = [await connectTo(server), await connectTo(server)];
    for (const subscriber of subscribers) {
      await subscriber.expect(frame('SUBSCRIBE', 'a'), '*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n');
      subscriber.socket.pause();
    }
    const sizes = [10, 65_536, 65_537, 3_000_000, 1, 1_000_000, 70_000, 2];
    const messages = sizes.map((size, i) => Buffer.alloc(size, `${i}-`));
    await publisher.send(Buffer.concat(messages.map((message) => frame('PUBLISH', 'a', message))));
    await publisher.expect('', ':2\r\n'.repeat(messages.length));
    const expected = Buffer.concat(messages.map((message) => frame('message', 'a', message)));
    for (const subscriber of subscribers) {
      subscriber.socket.resume();
      expect(Buffer.from(await subscriber.take(expected.length), 'latin1').equals(expected)).toBe(true);
    }
    // A client that receives its own message gets it after the reply.
    const own = await connectTo(server);
    await own.send('HELLO 3\r\nSUBSCRIBE a\r\n');
    await own.takeUntil(':1\r\n');
    await own.send(Buffer.concat([frame('PUBLISH', 'a', messages[3]), Buffer.from('PING\r\n')]));
    const heard = frame('message', 'a', messages[3]).toString('latin1').replace('*', '>');
    expect((await own.take(4 + heard.length + 7)) === `:3\r\n${heard}+PONG\r\n`).toBe(true);
  });

  it('copies a large message that is valid for one request only', () => {
    const hub = new PubSubHub();
    const got: (string | Buffer)[] = [];
    const subscriber = {
      channels: new Set<string>(),
      patterns: new Set<string>(),
      shardChannels: new Set<string>(),
      shardMessage: () => {},
      subscriptions: 0,
      subscriptionBytes: 0,
      message: (_: string, message: string | Buffer) => got.push(message),
    };
    hub.subscribe(subscriber, 'a');
    hub.subscribePattern(subscriber, 'a*');
    const bytes = Buffer.alloc(100_000, 'x');
    expect(hub.publish('a', bytes)).toBe(2);
    bytes.fill('y');
    expect(got[0]).toEqual(Buffer.alloc(100_000, 'x'));
    // All subscribers share the copy.
    expect(got[1]).toBe(got[0]);
  });

  it('disconnects a subscriber that does not keep up, immediately beyond the hard limit, and nobody else', async () => {
    const log = keepLog();
    const server = await startServer({}, { log });
    const [slow, quick, publisher] = [await connectTo(server), await connectTo(server), await connectTo(server)];
    await publisher.expect(frame('CONFIG', 'SET', 'client-output-buffer-limit', 'pubsub 1mb 0 0'), '+OK\r\n');
    for (const client of [slow, quick]) {
      await client.send('SUBSCRIBE a\r\n');
      await client.takeUntil(':1\r\n');
    }
    slow.socket.pause();
    const message = 'x'.repeat(100_000);
    let sent = 0;
    for (let receivers = 2; receivers === 2; sent++) {
      await publisher.send(frame('PUBLISH', 'a', message));
      receivers = Number((await publisher.take(4))[1]);
      expect(await quick.take(frame('message', 'a', message).length)).toContain(message);
      expect(sent * message.length).toBeLessThan(60e6);
    }
    expect(log.lines.filter((line) => line.includes('disconnected'))).toEqual([
      expect.stringMatching(
        /^client 1 \(127\.0\.0\.1:\d+\) disconnected: its output is not read \(client-output-buffer-limit pubsub\)$/,
      ),
    ]);
    expect(await publisher.bulk('INFO', 'stats')).toContain('client_output_buffer_limit_disconnections:1\r\n');
    await publisher.expect('PUBSUB NUMSUB a\r\n', '*2\r\n$1\r\na\r\n:1\r\n');
  });

  it('disconnects a subscriber that stays beyond the soft limit for too long', async () => {
    const clock = new FakeClock();
    const limit = { hard: 0, soft: 1_000_000, seconds: 10 };
    const none = { hard: 0, soft: 0, seconds: 0 };
    const server = await startServer({ 'client-output-buffer-limit': { normal: none, pubsub: limit } }, { clock });
    const [slow, publisher] = [await connectTo(server), await connectTo(server)];
    await slow.send('SUBSCRIBE a\r\n');
    await slow.takeUntil(':1\r\n');
    slow.socket.pause();
    const unread = async () => Number(/omem=(\d+)/.exec(await publisher.bulk('CLIENT', 'LIST', 'TYPE', 'pubsub'))?.[1]);
    do await publisher.expect(frame('PUBLISH', 'a', 'x'.repeat(1_000_000)), ':1\r\n');
    while (
      // So much that the system cannot accept all of it meanwhile.
      (await unread()) <= 20_000_000
    );
    clock.advance(10_000);
    await publisher.expect('PUBSUB NUMSUB a\r\n', '*2\r\n$1\r\na\r\n:1\r\n');
    clock.advance(2_000);
    await publisher.expect('PUBSUB NUMSUB a\r\n', '*2\r\n$1\r\na\r\n:0\r\n');
  });

  it('MONITOR shows the beginning of a request with very many arguments', async () => {
    const server = await startServer();
    const [monitor, client] = [await connectTo(server), await connectTo(server)];
    await monitor.expect('MONITOR\r\n', '+OK\r\n');
    await client.expect(frame('EXISTS', ...Array.from({ length: 100_000 }, () => 'key')), ':0\r\n');
    const line = await monitor.takeUntil('\r\n');
    expect(line.length).toBeLessThan(70_000);
    expect(line).toMatch(/"EXISTS"( "key")+ \.\.\. \(\d+ more arguments\)\r\n$/);
  });

  it("MONITOR shows commands, but no credentials of connections and no administrators' commands", async () => {
    const server = await startServer({ requirepass: 'secret' });
    const monitor = await connectTo(server);
    await monitor.expect('AUTH secret\r\nMONITOR\r\n', '+OK\r\n+OK\r\n');
    const client = await connectTo(server);
    await client.send(frame('AUTH', 'secret'));
    await client.send('CONFIG GET port\r\n');
    await client.send(frame('ECHO', Buffer.from('a"b\\\n\r\t\x07\b\x00\xff', 'latin1')));
    await client.send(frame('PING', 'x'.repeat(2000)));
    await client.send('MULTI\r\nPING\r\nEXEC\r\n');
    const lines = (await monitor.takeUntil('"EXEC"\r\n')).trimEnd().split('\r\n');
    const { localPort } = client.socket;
    const shown = lines.map((line) => /^\+\d+\.\d{6} \[0 127\.0\.0\.1:(\d+)\] (.*)$/.exec(line)?.slice(1));
    expect(shown.map((match) => match?.[0])).toEqual(Array.from({ length: 5 }, () => String(localPort)));
    expect(shown.map((match) => match?.[1])).toEqual([
      '"ECHO" "a\\"b\\\\\\n\\r\\t\\a\\b\\x00\\xff"',
      `"PING" "${'x'.repeat(1024)}"... (976 more bytes)`,
      '"MULTI"',
      '"PING"',
      '"EXEC"',
    ]);
    await monitor.expect('RESET\r\n', '+RESET\r\n');
  });
});
