import type { Config } from '../../src/index.js';
import { connectTo, startServer } from '../embedded-server.js';
import { FakeClock } from '../fake-clock.js';
import { ask } from './ask.js';

/** Starts a server on the test's clock, with a client that sends it requests. */
export async function start(config: Partial<Config> = {}) {
  const clock = new FakeClock();
  const server = await startServer(config, { clock });
  const client = await connectTo(server);
  return { clock, server, client, ask: (request: string) => ask(client, request) };
}
