import { frame, type RawClient } from '../raw-client.js';
import { Failure, type Reply, Status } from '../tools/replies.js';

/** Sends a request. Returns its reply in one line, much as redis-cli shows it: arrays with spaces between the items. */
export async function askWith(client: RawClient, ...request: (string | Buffer)[]): Promise<string> {
  await client.send(frame(...request));
  return lineOf(await client.reply());
}

/** As `askWith`, but takes the whole request as one string with spaces between the words. */
export function ask(client: RawClient, request: string): Promise<string> {
  return askWith(client, ...request.split(' '));
}

/** A number from INFO. */
export async function infoNumber(client: RawClient, field: string): Promise<number> {
  return Number(new RegExp(`^${field}:(.*)\r$`, 'm').exec(await client.bulk('INFO', 'all'))?.[1]);
}

function lineOf(reply: Reply): string {
  if (reply === null) return 'nil';
  if (reply instanceof Status || reply instanceof Failure) return reply.text;
  return Array.isArray(reply) ? reply.map(lineOf).join(' ') : String(reply);
}
