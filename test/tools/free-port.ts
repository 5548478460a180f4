import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * A port that is free, for programs that cannot pick one themselves. It is below those that the system gives to
 * connections and to servers that ask for any port (32768 and up), so nobody else gets it before the program listens.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    const server = createServer().listen(port, '127.0.0.1');
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}
