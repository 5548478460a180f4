import { once } from 'node:events';

/** The other end of a `Child`: what its program says and hears. Importing this ends the process with its parent. */

process.once('disconnect', () => process.exit());

export function tell(message: unknown): void {
  process.send?.(message);
}

/** The next message that comes. */
export async function hear(): Promise<unknown> {
  const [message] = await once(process, 'message');
  return message;
}
