import { once } from 'node:events';

/**
 * The process' end of a `Child`: sends and receives messages. Importing this module ends the process when its parent
 * ends.
 */

process.once('disconnect', () => process.exit());

export function send(message: unknown): void {
  process.send?.(message);
}

/** Returns the next message. */
export async function receive(): Promise<unknown> {
  const [message] = await once(process, 'message');
  return message;
}
