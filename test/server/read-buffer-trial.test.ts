import { expect, it, vi } from 'vitest';
import { tryBufferedSocket } from '../../src/server/read-buffer.js';

/** A Node.js whose sockets do not know the option `onread`. */
vi.mock(import('node:net'), async (original) => {
  const net = await original();
  class OtherSocket extends net.Socket {
    constructor(options?: ConstructorParameters<typeof net.Socket>[0]) {
      const { onread: _, ...known } = (options ?? {}) as { onread?: unknown };
      super(known);
    }
  }
  return { ...net, Socket: OtherSocket as typeof net.Socket };
});

it('a Node.js in which the read buffer does not work is found out, without an error', async () => {
  // The bytes never come, so this is how long the test takes.
  expect(await tryBufferedSocket(200)).toBe(false);
});
