import { afterEach, describe, expect, it, vi } from 'vitest';
import { createServer, ListenError } from '../../src/index.js';
import { connectTo, startServer, stopServers } from '../embedded-server.js';
import { temporaryDirectory } from '../journal/temporary-directory.js';
import { diskFull, HeldDisk } from '../server/held-disk.js';
import { turnEventLoop } from '../turn-event-loop.js';
import { send } from './send.js';

afterEach(async () => {
  HeldDisk.repairAll();
  vi.restoreAllMocks();
  await stopServers();
});

const HTTP = { 'http-port': 0 } as const;

describe('the health checks', () => {
  it('answer as those of Kubernetes do', async () => {
    const server = await startServer(HTTP);
    expect(await send(server, '/livez')).toMatchObject({ status: 200, text: 'ok' });
    expect(await send(server, '/readyz')).toMatchObject({ status: 200, text: 'ok' });
    expect((await send(server, '/livez?verbose')).text).toBe('[+]ping ok\nlivez check passed\n');
    const verbose = await send(server, '/readyz?verbose');
    expect(verbose.text).toBe(
      '[+]ping ok\n[+]loading ok\n[+]journal ok\n[+]store ok\n[+]shutdown ok\nreadyz check passed\n',
    );
    expect(verbose.headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    expect((await send(server, '/readyz?verbose&exclude=ping')).text).toContain('[+]ping excluded: ok\n');
    expect((await send(server, '/readyz?verbose=1&exclude=nosuch')).text).toContain('\nwarn: ');
    expect(await send(server, '/readyz/journal')).toMatchObject({ status: 200, text: 'ok' });
    expect(await send(server, '/readyz/nosuch')).toMatchObject({ status: 404 });
    expect(await send(server, '/livez', { method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
  });

  it('say that the server is alive but not ready while the journal is being loaded', async () => {
    const config = { appendonly: true, dir: temporaryDirectory() };
    const first = await startServer(config);
    await (await connectTo(first)).send('SESSION.NEW x\r\n');
    await first.close();
    const disk = new HeldDisk();
    disk.holdReads();
    const server = createServer({ bind: '127.0.0.1', port: 0, ...config, ...HTTP });
    const listening = server.listen();
    await disk.reading();
    expect(await send(server, '/livez')).toMatchObject({ status: 200 });
    const unready = await send(server, '/readyz');
    expect(unready.status).toBe(503);
    expect(unready.text).toMatch(
      /^\[\+]ping ok\n\[-]loading failed: the journal is being loaded: \d+ %\n\[\+]journal ok\n\[\+]store ok\n\[\+]shutdown ok\nreadyz check failed\n$/,
    );
    expect(await send(server, '/readyz?exclude=loading')).toMatchObject({ status: 200, text: 'ok' });
    disk.release();
    await listening;
    expect(await send(server, '/readyz')).toMatchObject({ status: 200 });
    await server.close();
  });

  it('say that the server is not ready while the disk fails, without naming a file', async () => {
    const disk = new HeldDisk();
    const dir = temporaryDirectory();
    const server = await startServer({ appendonly: true, appendfsync: 'no', dir, ...HTTP });
    disk.failure = diskFull();
    await (await connectTo(server)).send('SESSION.NEW x\r\n');
    while ((await send(server, '/readyz')).status === 200) await turnEventLoop();
    const { text } = await send(server, '/readyz');
    expect(text).toContain('[-]journal failed: the journal cannot be written, so writes are refused\n');
    expect(text).not.toContain(dir);
    expect(await send(server, '/readyz/journal')).toMatchObject({ status: 503 });
    disk.failure = undefined;
    while ((await send(server, '/readyz')).status === 503) await turnEventLoop();
  });
});

describe('the HTTP port', () => {
  it('is off by default', async () => {
    const server = await startServer();
    expect([server.httpAddresses, server.httpUrl]).toEqual([[], undefined]);
  });

  it('is an error if it is in use, or if there is no address', async () => {
    const [{ port }] = (await startServer(HTTP)).httpAddresses;
    const second = createServer({ bind: '127.0.0.1', port: 0, 'http-port': port });
    await expect(second.listen()).rejects.toThrow(
      new ListenError(
        `cannot listen on 127.0.0.1:${port}: the port is in use: choose another with --http-port, or --http-port 0 for any free one`,
      ),
    );
    await second.closed;
    expect(() => createServer({ 'http-port': 0, 'http-bind': ' ' })).toThrow('http-port needs an address in http-bind');
  });

  it('listens on several addresses', async () => {
    const server = await startServer({ 'http-port': 0, 'http-bind': '127.0.0.1 127.0.0.2 -192.0.2.1' });
    const [first, second, ...others] = server.httpAddresses;
    expect([first.address, second.address, others]).toEqual(['127.0.0.1', '127.0.0.2', []]);
    expect(first.port).toBe(second.port);
    expect(await send({ httpUrl: `http://127.0.0.2:${first.port}` }, '/livez')).toMatchObject({ status: 200 });
  });

  it('closes with the server, although a client stays connected', async () => {
    const server = await startServer(HTTP);
    const url = server.httpUrl;
    await fetch(`${url}livez`).then((response) => response.text());
    await server.close();
    await expect(fetch(`${url}livez`)).rejects.toThrow();
  });
});
