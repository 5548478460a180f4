import { vi } from 'vitest';

/** Reads sockets as with a Node.js in which the shared read buffer does not work. */
vi.mock(import('../src/server/read-buffer.js'), async (original) => ({
  ...(await original()),
  canUseOneReadBuffer: () => Promise.resolve(false),
}));
