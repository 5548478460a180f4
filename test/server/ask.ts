import { frame, type RawClient } from '../raw-client.js';

/**
 * Sends a request and returns its reply as one line, much as redis-cli shows it: errors as they are, arrays separated
 * by spaces.
 */
export async function askWith(client: RawClient, ...request: (string | Buffer)[]): Promise<string> {
  await client.send(frame(...request));
  return replyTo(client);
}

/** Like `askWith`, for words separated by spaces. */
export function ask(client: RawClient, request: string): Promise<string> {
  return askWith(client, ...request.split(' '));
}

async function replyTo(client: RawClient): Promise<string> {
  const line = (await client.takeUntil('\r\n')).slice(0, -2);
  const count = Number(line.slice(1));
  if ((line[0] !== '$' && line[0] !== '*') || Number.isNaN(count)) return line.slice(1);
  if (count < 0) return 'nil';
  if (line[0] === '$') return (await client.take(count + 2)).slice(0, -2);
  const items: string[] = [];
  for (let left = count; left > 0; left--) items.push(await replyTo(client));
  return items.join(' ');
}
