import { afterEach, describe, expect, it, vi } from 'vitest';
import { connectTo, startServer, stopServers } from '../embedded-server.js';
import { FakeClock } from '../fake-clock.js';
import { frame } from '../raw-client.js';
import { running } from '../running.js';

afterEach(async () => {
  vi.restoreAllMocks();
  await stopServers();
});

const TOKEN = 'AAECAwQFBgcICQoLDA0ODw';
const OTHER = 'EBESExQVFhcYGRobHB0eHw';
const ABORTED = '-EXECABORT Transaction discarded because of previous errors.\r\n';

describe('transactions', () => {
  it('run together at EXEC, each command with a separate reply, including failed ones', async () => {
    const server = await startServer();
    const [client, other] = [await connectTo(server), await connectTo(server)];
    await client.expect('MULTI\r\n', '+OK\r\n');
    await client.expect(
      `SESSION.NEW x TOKEN ${TOKEN} DATA n text\r\nSESSION.INCRBY ${TOKEN} n 1\r\n`,
      '+QUEUED\r\n+QUEUED\r\n',
    );
    await client.expect('SESSION.GET @nope key\r\nPING\r\n', '+QUEUED\r\n+QUEUED\r\n');
    await other.expect('DBSIZE\r\n', ':0\r\n');
    await client.expect(
      'EXEC\r\n',
      `*4\r\n$22\r\n${TOKEN}\r\n-ERR value is not an integer: the value of this key must be a whole number from -2^63 to 2^63 - 1\r\n-NOSESSION no such session: no shared session has this name\r\n+PONG\r\n`,
    );
    await client.expect('EXEC\r\n', '-ERR EXEC without MULTI\r\n');
    await client.expect('MULTI\r\nEXEC\r\n', '+OK\r\n*0\r\n');
  });

  it('are discarded by DISCARD', async () => {
    const client = await connectTo(await startServer());
    await client.expect('DISCARD\r\n', '-ERR DISCARD without MULTI\r\n');
    await client.expect('MULTI\r\nSESSION.NEW x\r\nDISCARD\r\nDBSIZE\r\n', '+OK\r\n+QUEUED\r\n+OK\r\n:0\r\n');
  });

  it.each([
    ['NOPE\r\n', "-ERR unknown command 'NOPE', with args beginning with: \r\n"],
    ['SESSION.GET x\r\n', "-ERR wrong number of arguments for 'session.get' command: SESSION.GET token key\r\n"],
    ['MONITOR\r\n', '-ERR Command not allowed inside a transaction\r\n'],
    ['SHUTDOWN\r\n', '-ERR Command not allowed inside a transaction\r\n'],
  ])('are aborted by a command that cannot be queued: %j', async (command, refusal) => {
    const client = await connectTo(await startServer());
    await client.expect('MULTI\r\nSESSION.NEW x\r\n', '+OK\r\n+QUEUED\r\n');
    await client.expect(command, refusal);
    await client.expect('PING\r\nEXEC\r\nDBSIZE\r\n', `+QUEUED\r\n${ABORTED}:0\r\n`);
  });

  it('refuse MULTI and WATCH inside, and are not aborted by them', async () => {
    const client = await connectTo(await startServer());
    await client.expect(
      'MULTI\r\nMULTI\r\nWATCH x\r\nPING\r\nEXEC\r\n',
      '+OK\r\n-ERR MULTI calls can not be nested\r\n-ERR WATCH inside MULTI is not allowed\r\n+QUEUED\r\n*1\r\n+PONG\r\n',
    );
  });

  it('end with an EXEC that is refused', async () => {
    const client = await connectTo(await startServer());
    const refusal = "-EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command\r\n";
    await client.expect('MULTI\r\nPING\r\nEXEC x\r\nPING\r\n', `+OK\r\n+QUEUED\r\n${refusal}+PONG\r\n`);
  });

  it('do not run a command that the client may no longer run, nor commands after AUTH', async () => {
    const server = await startServer({ users: 'writer read,write pw; reader read pw' });
    const [client, other] = [await connectTo(server), await connectTo(server)];
    await other.expect('AUTH writer pw\r\n', '+OK\r\n');
    await client.expect('AUTH writer pw\r\nMULTI\r\n', '+OK\r\n+OK\r\n');
    await client.expect('SET a 1\r\nAUTH reader pw\r\nSET b 1\r\nGET a\r\n', '+QUEUED\r\n'.repeat(4));
    const refusal = "-NOPERM User reader has no permissions to run the 'set' command\r\n";
    await client.expect('EXEC\r\n', `*4\r\n+OK\r\n+OK\r\n${refusal}$1\r\n1\r\n`);
    await other.expect('GET b\r\n', '$-1\r\n');
  });

  it('run RESET and QUIT immediately', async () => {
    const client = await connectTo(await startServer());
    await client.expect(
      'MULTI\r\nPING\r\nRESET\r\nEXEC\r\n',
      '+OK\r\n+QUEUED\r\n+RESET\r\n-ERR EXEC without MULTI\r\n',
    );
    await client.send('MULTI\r\nPING\r\nQUIT\r\n');
    expect(await client.takeAll()).toBe('+OK\r\n+QUEUED\r\n+OK\r\n');
  });

  it.each([
    ['data', `SESSION.SET ${TOKEN} key other\r\n`],
    ['data, though it is the same', `SESSION.SET ${TOKEN} key value\r\n`],
    ['settings', `SESSION.EXPIRE ${TOKEN} 100\r\n`],
    ['token', `SESSION.ROTATE ${TOKEN} GRACE 100\r\n`],
    ['end', `SESSION.END ${TOKEN}\r\n`],
    ['another session in its place', `SESSION.END ${TOKEN}\r\nSESSION.NEW x TOKEN ${TOKEN}\r\n`],
  ])('WATCH: a change of %s aborts them', async (_, change) => {
    const server = await startServer();
    const [client, other] = [await connectTo(server), await connectTo(server)];
    await client.bulk('SESSION.NEW', 'x', '50', 'TOKEN', TOKEN, 'DATA', 'key', 'value');
    await client.expect(`WATCH ${TOKEN}\r\nMULTI\r\nPING\r\n`, '+OK\r\n+OK\r\n+QUEUED\r\n');
    await other.expect(`${change}PING end\r\n`, '');
    await other.takeUntil('$3\r\nend\r\n');
    await client.expect('EXEC\r\n', '*-1\r\n');
    // WATCH applies to one EXEC only.
    await client.expect('MULTI\r\nPING\r\nEXEC\r\n', '+OK\r\n+QUEUED\r\n*1\r\n+PONG\r\n');
    await client.send('HELLO 3\r\n');
    await client.takeUntil('modules\r\n*0\r\n');
    await client.expect(`WATCH ${OTHER}\r\n`, '+OK\r\n');
    await other.bulk('SESSION.NEW', 'x', 'TOKEN', OTHER);
    await client.expect('MULTI\r\nEXEC\r\n', '+OK\r\n_\r\n');
  });

  it('WATCH: reading does not count as a change, expiry does', async () => {
    const clock = new FakeClock();
    const server = await startServer({}, { clock });
    const [client, other] = [await connectTo(server), await connectTo(server)];
    await client.bulk('SESSION.NEW', 'x', '50', 'EXTEND', 'GET', 'TOKEN', TOKEN, 'DATA', 'key', 'value');
    await client.expect(`WATCH ${TOKEN} nope\r\n`, '+OK\r\n');
    await other.bulk('SESSION.GET', TOKEN, 'key');
    await client.expect('MULTI\r\nPING\r\nEXEC\r\n', '+OK\r\n+QUEUED\r\n*1\r\n+PONG\r\n');
    await client.expect(`WATCH ${TOKEN}\r\n`, '+OK\r\n');
    clock.advance(50_000);
    await client.expect('MULTI\r\nPING\r\nEXEC\r\n', '+OK\r\n+QUEUED\r\n*-1\r\n');
    await client.expect(`WATCH ${TOKEN}\r\nUNWATCH\r\n`, '+OK\r\n+OK\r\n');
    await other.bulk('SESSION.NEW', 'x', 'TOKEN', TOKEN);
    await client.expect('MULTI\r\nEXEC\r\n', '+OK\r\n*0\r\n');
  });

  it('are limited in size like a request: one that is too large is aborted, and its memory is freed', async () => {
    const server = await startServer({ 'client-query-buffer-limit': 64 * 1024 });
    const client = await connectTo(server);
    const refusal = '-ERR the transaction is larger than client-query-buffer-limit allows\r\n';
    await client.expect('MULTI\r\n', '+OK\r\n');
    for (let i = 0; i < 2; i++) await client.expect(frame('ECHO', 'x'.repeat(30_000)), '+QUEUED\r\n');
    await client.expect(frame('ECHO', 'x'.repeat(30_000)), refusal);
    await client.expect(`${'PING\r\n'.repeat(1000)}`, '+QUEUED\r\n'.repeat(1000));
    await client.expect('EXEC\r\n', ABORTED);
    await client.send(`WATCH ${'nope '.repeat(1000)}\r\n`);
    expect(await client.take(refusal.length)).toBe(refusal);
    await client.expect('UNWATCH\r\nMULTI\r\nPING\r\nEXEC\r\n', '+OK\r\n+OK\r\n+QUEUED\r\n*1\r\n+PONG\r\n');
  });

  it('wait for a command that has to wait, and replies stay in order', async () => {
    let go = () => {};
    const waiting = new Promise<void>((resolve) => {
      go = resolve;
    });
    vi.spyOn(running('echo'), 'run').mockImplementation(async ({ reply }, args) => {
      const message = args.bytes();
      await waiting;
      if (message.toString() === 'bad') throw new Error('a fault');
      reply.bulk(message);
    });
    const server = await startServer();
    const [client, other] = [await connectTo(server), await connectTo(server)];
    await client.send('HELLO 3\r\nSUBSCRIBE a\r\n');
    await client.takeUntil('subscribe\r\n$1\r\na\r\n:1\r\n');
    await client.expect('MULTI\r\nPING\r\nECHO a\r\nECHO bad\r\nPING\r\n', `+OK\r\n${'+QUEUED\r\n'.repeat(4)}`);
    await client.send('EXEC\r\nPING last\r\n');
    // A message that arrives meanwhile is not mixed into the replies.
    const message = '>3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nm\r\n';
    await other.expect('PUBLISH a m\r\n', ':1\r\n');
    expect(await client.take(message.length)).toBe(message);
    go();
    const replies =
      '*4\r\n+PONG\r\n$1\r\na\r\n-ERR internal error, see the log of the server\r\n+PONG\r\n$4\r\nlast\r\n';
    expect(await client.take(replies.length)).toBe(replies);
  });
});
