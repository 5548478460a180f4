import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Client } from '../../bench/load/client.js';
import { runOpenLoop } from '../../bench/load/open-loop.js';
import { Requests } from '../../bench/load/requests.js';

const REQUEST = 'operate\r\n';
const servers: ReturnType<typeof createServer>[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Starts a server. The callback gets the number of requests that have arrived. */
async function serve(answer: (socket: Socket, requests: number) => void): Promise<Client> {
  const server = createServer((socket) => {
    socket.on('data', (chunk) => answer(socket, chunk.length / REQUEST.length));
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return Client.open((server.address() as AddressInfo).port);
}

function drive(client: Client) {
  const [lane] = new Requests(10, () => REQUEST).cycles(1);
  const stream = { clients: [client], replies: [':1\r\n'], lane, perSecond: 1000 };
  return runOpenLoop([stream], { warmUp: 0, seconds: 0.3 }).finally(() => client.close());
}

describe('an open loop', () => {
  it('goes on sending while the server pauses, and counts the pause for every waiting request', async () => {
    let come = 0;
    let answered = 0;
    const client = await serve((socket, requests) => {
      // Nothing is answered before all have arrived: a closed loop would stop at the first.
      come += requests;
      if (come < 300) return;
      socket.write(':1\r\n'.repeat(come - answered));
      answered = come;
    });
    const { operations, latency } = await drive(client);
    // One is due at the very end, give or take a rounding error.
    expect([300, 301]).toContain(operations);
    // One per millisecond, all answered after the last: half of them waited for at least 150 ms.
    expect(latency.p50).toBeGreaterThan(140);
  });

  it('fails on a wrong reply', async () => {
    const client = await serve((socket) => socket.write('-NOSESSION no such session\r\n'));
    await expect(drive(client)).rejects.toThrow('NOSESSION');
  });
});
