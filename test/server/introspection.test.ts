import { afterEach, describe, expect, it, vi } from 'vitest';
import { commands } from '../../src/commands/table.js';
import { connectTo, startServer, stopServers } from '../embedded-server.js';
import { FakeClock } from '../fake-clock.js';
import { frame, type RawClient } from '../raw-client.js';
import { running } from '../running.js';

afterEach(async () => {
  vi.restoreAllMocks();
  await stopServers();
});

const TOKEN = 'AAECAwQFBgcICQoLDA0ODw';

const fields = (line: string) =>
  Object.fromEntries(
    line
      .trim()
      .split(' ')
      .map((field) => field.split(/=(.*)/, 2)),
  );
const clientInfo = async (client: RawClient) => fields(await client.bulk('CLIENT', 'INFO'));

describe('CLIENT', () => {
  it('INFO and LIST have the same fields as in Redis', async () => {
    const clock = new FakeClock();
    const server = await startServer({}, { clock });
    const client = await connectTo(server);
    await client.expect(
      'CLIENT SETNAME me\r\nCLIENT SETINFO LIB-NAME lib\r\nCLIENT SETINFO LIB-VER 1.2\r\n',
      '+OK\r\n'.repeat(3),
    );
    const subscriber = await connectTo(server);
    await subscriber.send('HELLO 3\r\nSUBSCRIBE a b\r\nPSUBSCRIBE c*\r\nMULTI\r\nPING\r\n');
    await subscriber.takeUntil('+QUEUED\r\n');
    clock.advance(7000);
    await client.expect('CLIENT NO-EVICT ON\r\nCLIENT NO-TOUCH ON\r\n', '+OK\r\n+OK\r\n');
    const list = await client.bulk('CLIENT', 'LIST');
    const [me, other] = list.trimEnd().split('\n').map(fields);
    expect(Object.keys(me).join(' ')).toBe(
      'id addr laddr fd name age idle flags db sub psub ssub multi qbuf qbuf-free argv-mem multi-mem rbs rbp obl oll omem tot-mem events cmd user redir resp lib-name lib-ver',
    );
    const { localPort } = client.socket;
    expect(me).toMatchObject({
      ...{ id: '1', addr: `127.0.0.1:${localPort}`, laddr: `127.0.0.1:${server.addresses[0].port}`, name: 'me' },
      ...{ age: '7', idle: '0', flags: 'eT', db: '0', sub: '0', psub: '0', multi: '-1', cmd: 'client|list' },
      ...{ user: 'default', resp: '2', 'lib-name': 'lib', 'lib-ver': '1.2' },
    });
    expect(other).toMatchObject({ idle: '7', flags: 'Px', sub: '2', psub: '1', multi: '1', resp: '3', cmd: 'multi' });
    expect(Number(other['multi-mem'])).toBeGreaterThan(0);
    expect(Number(other['tot-mem'])).toBeGreaterThan(Number(other['multi-mem']));

    expect((await client.bulk('CLIENT', 'LIST', 'TYPE', 'pubsub')).split('\n')).toHaveLength(2);
    expect(await client.bulk('CLIENT', 'LIST', 'TYPE', 'replica')).toBe('');
    expect((await client.bulk('CLIENT', 'LIST', 'ID', '1', '2', '99')).split('\n')).toHaveLength(3);
    await client.expect('CLIENT LIST ID x\r\n', '-ERR Invalid client ID\r\n');
    await client.expect('CLIENT LIST TYPE x\r\n', "-ERR Unknown client type 'x'\r\n");
    await client.expect('CLIENT LIST NOPE\r\nCLIENT LIST ID\r\n', '-ERR syntax error\r\n-ERR syntax error\r\n');
  });

  it('KILL disconnects clients that match every filter', async () => {
    const server = await startServer();
    const admin = await connectTo(server);
    const others = await Promise.all(Array.from({ length: 5 }, () => connectTo(server)));
    const ids: string[] = [];
    for (const client of others) ids.push((await clientInfo(client)).id);
    const address = (await clientInfo(others[0])).addr;
    await admin.expect(`CLIENT KILL ${address}\r\nCLIENT KILL ${address}\r\n`, '+OK\r\n-ERR No such client\r\n');
    expect(await others[0].takeAll()).toBe('');
    await admin.expect(`CLIENT KILL ID ${ids[1]} TYPE pubsub\r\nCLIENT KILL ID ${ids[1]}\r\n`, ':0\r\n:1\r\n');
    await others[2].send('SUBSCRIBE a\r\n');
    await others[2].takeUntil(':1\r\n');
    await admin.expect('CLIENT KILL TYPE PUBSUB\r\nPUBSUB CHANNELS\r\n', ':1\r\n*0\r\n');
    await admin.expect('CLIENT KILL MAXAGE 1000\r\n', ':0\r\n');
    await admin.expect('CLIENT KILL USER nobody\r\n', "-ERR No such user 'nobody'\r\n");
    await admin.expect(`CLIENT KILL LADDR 127.0.0.1:${server.addresses[0].port}\r\n`, ':2\r\n');
    await admin.expect('CLIENT KILL ID 0\r\n', '-ERR client-id should be greater than 0\r\n');
    await admin.expect('CLIENT KILL ID\r\n', '-ERR No such client\r\n');
    await admin.expect('CLIENT KILL ID 1 NOPE\r\n', '-ERR syntax error\r\n');
    await admin.expect('CLIENT KILL ID 1 TYPE\r\n', '-ERR syntax error\r\n');
    // If a client kills itself, it gets the reply first.
    await admin.send(`CLIENT KILL USER default SKIPME no\r\nPING\r\n`);
    expect(await admin.takeAll()).toBe(':1\r\n');
  });

  it('REPLY OFF, SKIP and ON', async () => {
    const client = await connectTo(await startServer());
    await client.expect(
      'PING 1\r\nCLIENT REPLY SKIP\r\nPING 2\r\nPING 3\r\nCLIENT REPLY OFF\r\nPING 4\r\nCLIENT REPLY SKIP\r\nPING 5\r\nNOPE\r\nCLIENT REPLY ON\r\nPING 6\r\n',
      '$1\r\n1\r\n$1\r\n3\r\n+OK\r\n$1\r\n6\r\n',
    );
    await client.expect('CLIENT REPLY SKIP\r\nCLIENT REPLY SKIP\r\nPING 1\r\nPING 2\r\n', '$1\r\n2\r\n');
    await client.expect('CLIENT REPLY MAYBE\r\n', '-ERR syntax error\r\n');
  });
});

describe('COMMAND', () => {
  it('GETKEYS finds the tokens, for proxies that route by them', async () => {
    const client = await connectTo(await startServer());
    for (const [request, keys] of [
      ['SESSION.GET tok key', ['tok']],
      ['SESSION.SET tok key value key2 value2', ['tok']],
      ['session.end a b c', ['a', 'b', 'c']],
      ['WATCH a b', ['a', 'b']],
      ['MEMORY USAGE tok', ['tok']],
      ['TYPE key', ['key']],
      ['SESSION.NEW token 60 EXTEND GET token tok DATA token x', ['tok']],
      ['SESSION.NEW token', []],
      ['SESSION.NEW n 10 DATA a b TOKEN q', []],
    ] as const) {
      await client.expect(`COMMAND GETKEYS ${request}\r\n`, frame(...keys).toString());
    }
    await client.expect('COMMAND GETKEYS PING\r\n', '-ERR The command has no key arguments\r\n');
    await client.expect('COMMAND GETKEYS NOPE\r\n', '-ERR Invalid command specified\r\n');
    await client.expect(
      'COMMAND GETKEYS SESSION.GET x\r\n',
      '-ERR Invalid number of arguments specified for command\r\n',
    );
  });

  it('LIST has subcommands', async () => {
    const client = await connectTo(await startServer());
    // No command has more than one level of subcommands.
    await client.expect('COMMAND INFO config|get|maxmemory nope|x\r\n', '*2\r\n$-1\r\n$-1\r\n');
    await client.expect('COMMAND LIST FILTERBY PATTERN client|l*\r\n', frame('client|list').toString());
  });

  it('every token that a command takes is in its key specs', () => {
    for (const command of commands.flatMap((one) => [one, ...(one.subcommands ?? [])])) {
      const tokens = command.arguments.filter(({ name }) => name === 'token');
      for (const { type } of tokens) expect(type, command.name).toBe('token');
    }
  });
});

describe('statistics', () => {
  it('count calls, refusals and failures, and measure how long calls take', async () => {
    const clock = new FakeClock();
    const server = await startServer({ users: 'ops admin,read a' }, { clock });
    const client = await connectTo(server);
    await client.expect('AUTH ops a\r\n', '+OK\r\n');
    vi.spyOn(running('ping'), 'run').mockImplementation(({ reply }) => {
      clock.freeze(3);
      reply.simple('PONG');
    });
    await client.expect('PING\r\nPING\r\n', '+PONG\r\n+PONG\r\n');
    await client.send(
      `SESSION.NEW x\r\nSESSION.GET x\r\nSESSION.GET ${TOKEN} key\r\nNOPE\r\nMULTI\r\nPING\r\nPING\r\nEXEC\r\n`,
    );
    await client.takeUntil('*2\r\n+PONG\r\n+PONG\r\n');
    const info = await client.bulk('INFO', 'commandstats', 'errorstats', 'latencystats', 'stats');
    for (const line of [
      'cmdstat_ping:calls=4,usec=12000,usec_per_call=3000.00,rejected_calls=0,failed_calls=0',
      'cmdstat_session.new:calls=0,usec=0,usec_per_call=0.00,rejected_calls=1,failed_calls=0',
      'cmdstat_session.get:calls=1,usec=0,usec_per_call=0.00,rejected_calls=1,failed_calls=1',
      'errorstat_NOPERM:count=1',
      'errorstat_NOSESSION:count=1',
      'errorstat_ERR:count=2',
      'total_error_replies:4',
      // AUTH, 2 PING, SESSION.GET, MULTI, 2 PING, EXEC: what has run, as in Redis.
      'total_commands_processed:8',
      'latency_percentiles_usec_ping:p50=4194.000,p99=4194.000,p99.9=4194.000',
    ]) {
      expect(info).toContain(`${line}\r\n`);
    }
    await client.send('HELLO 3\r\n');
    await client.takeUntil('modules\r\n*0\r\n');
    await client.expect(
      'LATENCY HISTOGRAM PING session nope\r\n',
      '%1\r\n$4\r\nping\r\n%2\r\n$5\r\ncalls\r\n:4\r\n$14\r\nhistogram_usec\r\n%1\r\n:4194\r\n:4\r\n',
    );
    await client.expect('LATENCY LATEST\r\nLATENCY RESET\r\n', '*0\r\n:0\r\n');
  });

  it('SLOWLOG stores slow commands, without tokens and passwords', async () => {
    const clock = new FakeClock();
    const server = await startServer(
      { 'slowlog-log-slower-than': 2000, 'slowlog-max-len': 2, requirepass: 'secret' },
      { clock },
    );
    const client = await connectTo(server);
    await client.expect('AUTH secret\r\nCLIENT SETNAME me\r\nSLOWLOG GET\r\n', '+OK\r\n+OK\r\n*0\r\n');
    vi.spyOn(running('ping'), 'run').mockImplementation(({ reply }) => {
      clock.freeze(2);
      reply.simple('PONG');
    });
    for (let i = 0; i < 3; i++)
      await client.expect(frame('PING', `${i} token=${TOKEN} ${'x '.repeat(100)}`), '+PONG\r\n');
    await client.expect('SLOWLOG LEN\r\n', ':2\r\n');
    const at = String(Math.floor(clock.wall() / 1000));
    const address = `127.0.0.1:${client.socket.localPort}`;
    const shown = `2 token=(redacted) ${'x '.repeat(100)}`.slice(0, 128);
    await client.expect(
      'SLOWLOG GET 1\r\n',
      `*1\r\n*6\r\n:2\r\n:${at}\r\n:2000\r\n${frame('PING', `${shown}... (103 more bytes)`)}$${address.length}\r\n${address}\r\n$2\r\nme\r\n`,
    );
    await client.expect('SLOWLOG GET -2\r\n', '-ERR count should be greater than or equal to -1\r\n');
    await client.expect('CONFIG SET slowlog-log-slower-than 0\r\nSLOWLOG RESET\r\n', '+OK\r\n+OK\r\n');
    await client.expect('AUTH secret\r\nCONFIG SET requirepass secret slowlog-max-len 100\r\n', '+OK\r\n+OK\r\n');
    await client.send(frame('SESSION.EXISTS', ...Array.from({ length: 40 }, (_, i) => `nope${i}`)));
    await client.take(4);
    await client.send('SLOWLOG GET -1\r\nPING\r\n');
    const log = await client.takeUntil('+PONG\r\n');
    expect(log).toContain('... (10 more arguments)');
    expect(log).not.toContain('secret');
    expect(log).not.toContain(TOKEN);
  });

  it("a token in a client's name is not shown to others", async () => {
    const server = await startServer({ 'slowlog-log-slower-than': 0 });
    const [client, other] = [await connectTo(server), await connectTo(server)];
    await client.expect(frame('CLIENT', 'SETNAME', `app:${TOKEN}`), '+OK\r\n');
    await client.expect(frame('CLIENT', 'SETINFO', 'lib-name', TOKEN), '+OK\r\n');
    await client.expect(frame('CLIENT', 'SETINFO', 'lib-ver', `1.0(${TOKEN})`), '+OK\r\n');
    await client.expect(frame('PING', TOKEN), `$22\r\n${TOKEN}\r\n`);
    await client.send(
      `HELLO 2 SETNAME ${TOKEN}x\r\n${TOKEN} ${TOKEN}\r\nCLIENT ${TOKEN}\r\nCONFIG SET ${TOKEN} x\r\nPING end\r\n`,
    );
    const replies = await client.takeUntil('end\r\n');
    expect(replies).not.toContain(TOKEN);
    // The client itself sees it.
    expect(await client.bulk('CLIENT', 'GETNAME')).toBe(`${TOKEN}x`);
    await client.expect(frame('CLIENT', 'SETNAME', `app:${TOKEN}`), '+OK\r\n');
    await other.expect(frame('CLIENT', 'SETNAME', 'checkout-service-production'), '+OK\r\n');
    const list = await other.bulk('CLIENT', 'LIST');
    expect(list).toContain(' name=app:(redacted) ');
    expect(list).toContain(' lib-name=(redacted) lib-ver=1.0((redacted))');
    expect(list).toContain(' name=checkout-service-production ');
    await other.send('SLOWLOG GET -1\r\nINFO everything\r\nPING end\r\n');
    const shown = await other.takeUntil('$3\r\nend\r\n');
    expect(shown).toContain('app:(redacted)');
    expect(shown).not.toContain(TOKEN);
  });

  it("a client's name has at most 512 bytes", async () => {
    const client = await connectTo(await startServer());
    await client.expect(frame('CLIENT', 'SETNAME', 'x'.repeat(512)), '+OK\r\n');
    await client.expect(
      frame('CLIENT', 'SETNAME', 'x'.repeat(513)),
      '-ERR Client names cannot have more than 512 bytes.\r\n',
    );
    await client.expect(
      frame('CLIENT', 'SETINFO', 'lib-name', 'x'.repeat(513)),
      '-ERR lib-name cannot have more than 512 bytes.\r\n',
    );
  });

  it('INFO shows the requested sections, and rates of the last second', async () => {
    const clock = new FakeClock();
    const client = await connectTo(await startServer({}, { clock }));
    const titles = (info: string) => [...info.matchAll(/^# (.*)\r$/gm)].map(([, title]) => title);
    const usual = titles(await client.bulk('INFO'));
    for (const title of ['Server', 'Clients', 'Memory', 'Stats', 'Sessions', 'Keyspace'])
      expect(usual).toContain(title);
    expect(usual).not.toContain('Commandstats');
    expect(titles(await client.bulk('INFO', 'default'))).toEqual(usual);
    expect(titles(await client.bulk('INFO', 'everything'))).toEqual(
      expect.arrayContaining([...usual, 'Commandstats', 'Latencystats']),
    );
    expect(titles(await client.bulk('INFO', 'SERVER', 'commandstats'))).toEqual(['Server', 'Commandstats']);
    expect(await client.bulk('INFO', 'nope')).toBe('');
    clock.advance(1000);
    await client.expect('PING\r\n'.repeat(50), '+PONG\r\n'.repeat(50));
    clock.advance(1000);
    const stats = await client.bulk('INFO', 'stats');
    expect(stats).toContain('instantaneous_ops_per_sec:50\r\n');
    expect(stats).toContain('instantaneous_input_kbps:0.29\r\n');
  });

  it('MEMORY USAGE and STATS', async () => {
    const server = await startServer();
    const client = await connectTo(server);
    await client.bulk('SESSION.NEW', 'x', 'TOKEN', TOKEN, 'DATA', 'key', 'v'.repeat(1000));
    await client.bulk('SESSION.NEW', 'shared', 'SHARED');
    const usage = async (what: string) => {
      await client.send(`MEMORY USAGE ${what}\r\n`);
      return Number((await client.takeUntil('\r\n')).slice(1));
    };
    expect(await usage(TOKEN)).toBeGreaterThan(1100);
    expect(await usage('@shared SAMPLES 5')).toBe(await usage('shared'));
    await client.expect('MEMORY USAGE nope\r\n', '$-1\r\n');
    await client.expect(`MEMORY USAGE ${TOKEN} NOPE 1\r\n`, '-ERR syntax error\r\n');
    await client.send('HELLO 3\r\n');
    await client.takeUntil('modules\r\n*0\r\n');
    await client.send('MEMORY STATS\r\n');
    const stats = await client.takeUntil('fragmentation.bytes\r\n');
    expect(stats).toMatch(/^%18\r\n/);
    expect(stats).toMatch(/keys\.count\r\n:2\r\n/);
    expect(stats).toMatch(/dataset\.bytes\r\n:1003\r\n/);
    expect(stats).toMatch(/dataset\.percentage\r\n,\d/);
  });
});

describe('keys', () => {
  it('are the names of live shared sessions that have data', async () => {
    const clock = new FakeClock();
    const client = await connectTo(await startServer({}, { clock }));
    await client.bulk('SESSION.NEW', 'sess:a', '10', 'SHARED', 'DATA', 'k', 'v', 'l', 'w');
    await client.bulk('SESSION.NEW', 'sess:b', 'SHARED', 'DATA', 'k', 'v');
    await client.bulk('SESSION.NEW', 'other', 'SHARED', 'DATA', 'k', 'v');
    await client.bulk('SESSION.NEW', 'private', 'DATA', 'k', 'v');
    await client.bulk('SESSION.NEW', 'sess:empty', 'SHARED');
    await client.expect('SCAN 0 MATCH sess:* COUNT 100\r\n', '*2\r\n$1\r\n0\r\n*2\r\n$6\r\nsess:a\r\n$6\r\nsess:b\r\n');
    await client.expect('SCAN 0 COUNT 100 TYPE hash MATCH o*\r\n', '*2\r\n$1\r\n0\r\n*1\r\n$5\r\nother\r\n');
    await client.expect('SCAN 0 TYPE string\r\n', '*2\r\n$1\r\n0\r\n*0\r\n');
    await client.expect('SCAN 0 COUNT\r\n', '-ERR syntax error\r\n');
    await client.expect(
      'TYPE sess:a\r\nTYPE private\r\nHLEN sess:a\r\nHLEN nope\r\n',
      '+hash\r\n+none\r\n:2\r\n:0\r\n',
    );
    clock.advance(10_000);
    await client.expect('TYPE sess:a\r\nHLEN sess:a\r\n', '+none\r\n:0\r\n');
  });
});
