import { mapOf, type Reply } from '../../tools/replies.js';
import type { Client, Words } from './client.js';

/** Reads listings that come page by page. */

type Scan = 'SESSION.SCAN' | 'SESSION.NAMES';

/** Returns what a complete scan finds: pairs of token and name, or of name and number. */
export async function scanAll(client: Client, command: Scan, ...options: Words): Promise<[string, Reply][]> {
  const found: [string, Reply][] = [];
  let cursor = '0';
  do {
    const [next, page] = (await client.ask(command, cursor, ...options)) as [string, Reply[]];
    for (let i = 0; i < page.length; i += 2) found.push([String(page[i]), page[i + 1]]);
    cursor = next;
  } while (cursor !== '0');
  return found;
}

export interface Page {
  readonly cursor: string;
  readonly sessions: readonly Record<string, Reply>[];
}

/** Returns one page of SESSION.LIST. */
export async function listPage(client: Client, name: string | Buffer, ...options: Words): Promise<Page> {
  const [cursor, sessions] = (await client.ask('SESSION.LIST', name, ...options)) as [string, Reply[]];
  return { cursor, sessions: sessions.map((session) => Object.fromEntries(mapOf(session))) };
}

/** Returns the keys and values of every session there is, by token. */
export async function everything(client: Client): Promise<Record<string, Reply>> {
  const all: Record<string, Reply> = {};
  for (const [token, name] of await scanAll(client, 'SESSION.SCAN')) {
    all[token] = [name, Object.entries(await client.map('SESSION.GETALL', token)).sort()];
  }
  return all;
}
