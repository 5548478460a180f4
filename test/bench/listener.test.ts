import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, it } from 'vitest';
import { listenerOf } from '../../bench/comparison/listener.js';

it('finds the process that listens on a port, or none if there is none', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  expect(listenerOf({ host: '127.0.0.1', port })).toBe(process.pid);
  await once(server.close(), 'close');
  expect(listenerOf({ host: '127.0.0.1', port })).toBeUndefined();
});
