import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { type Say, tellIfStarted } from './tell.js';
import { letTimePass, waitUntil } from './wait.js';

/** How long a basket waits for its visitor, in seconds. */
const IDLE = 1800;

/**
 * The life of a basket: each use extends it, it survives parallel requests and the login, and it ends when the visitor
 * leaves.
 *
 *     npx tsx examples/shopping-basket.ts
 */
export async function shoppingBasket(redis: Redis, say: Say) {
  // A name for this run only, because ENDNAME ends every session of the name. A shop would use 'basket'.
  const name = `basket:${randomUUID()}`;

  // There is no basket until there is something in it, so crawlers and visitors who only look cost nothing.
  const guest = await newBasket(redis, name, 'margherita');
  say(`A visitor adds a first item. The basket has ${list(await look(redis, guest))}.`);

  // INCRBY adds on the server, so no request computes a quantity from an outdated one.
  const margheritas = Number(await redis.call('SESSION.INCRBY', guest, 'margherita', 1));
  say(`One more makes ${margheritas}.`);

  const leftBefore = await letTimePass(redis, guest);
  await look(redis, guest);
  const leftAfter = Number(await redis.call('SESSION.PTTL', guest));
  say(`Looking at the basket restarts its half hour: from ${leftBefore} ms left to ${leftAfter} ms.`);

  // Both tabs read before either writes. If the basket were one value, the second write would undo the first.
  const tab = async (item: string, count: number) => {
    await look(redis, guest);
    await redis.call('SESSION.INCRBY', guest, item, count);
  };
  await Promise.all([tab('margherita', 1), tab('cola', 4)]);
  const afterTabs = await look(redis, guest);
  say(`Two tabs change it at the same time, and both changes count: ${list(afterTabs)}.`);

  // Somebody else may know a token from before the login. After ROTATE it opens nothing.
  const member = String(await redis.call('SESSION.ROTATE', guest));
  const withOldToken = await look(redis, guest).catch((error: Error) => error.message);
  const afterLogin = await look(redis, member);
  say(`Login: the old token gets "${withOldToken}", the new one gets ${list(afterLogin)}.`);

  const sleepy = await newBasket(redis, name, 'quattro stagioni');
  await newBasket(redis, name, 'calzone');
  const open = await countBaskets(redis, name);
  say(`With two other visitors there are ${open} baskets.`);

  const ended = Number(await redis.call('SESSION.END', member));
  // The last request of a visitor who has left: it must not bring the basket back.
  const afterEnd = await redis.call('SESSION.INCRBY', member, 'cola', 1).catch((error: Error) => error.message);
  say(`The first visitor leaves: ${ended} basket has ended, and a late request gets "${afterEnd}".`);

  // A quarter of a second instead of half an hour, so that the story ends soon.
  await redis.call('SESSION.PEXPIRE', sleepy, 250);
  await waitUntil(async () => Number(await redis.call('SESSION.EXISTS', sleepy)) === 0);
  const openAfterExpiry = await countBaskets(redis, name);
  say(`The second stays away until the basket expires: ${openAfterExpiry} left.`);

  const endedByName = Number(await redis.call('SESSION.ENDNAME', name));
  const openAtTheEnd = await countBaskets(redis, name);
  say(`The shop closes: ${endedByName} basket has ended by its name, ${openAtTheEnd} left.`);

  return {
    margheritas,
    leftBefore,
    leftAfter,
    afterTabs,
    withOldToken,
    afterLogin,
    open,
    ended,
    afterEnd,
    openAfterExpiry,
    endedByName,
    openAtTheEnd,
  };
}

async function newBasket(redis: Redis, name: string, item: string): Promise<string> {
  return String(await redis.call('SESSION.NEW', name, IDLE, 'EXTEND', 'BOTH', 'DATA', item, 1));
}

async function look(redis: Redis, basket: string): Promise<Record<string, number>> {
  // ioredis returns a map as [key, value, …], unless it is created with `replyMapping: 'resp3'`.
  const flat = (await redis.call('SESSION.GETALL', basket)) as string[];
  const items: [string, number][] = [];
  for (let i = 0; i < flat.length; i += 2) items.push([flat[i], Number(flat[i + 1])]);
  return Object.fromEntries(items);
}

async function countBaskets(redis: Redis, name: string): Promise<number> {
  return ((await redis.call('SESSION.TOKENS', name)) as string[]).length;
}

function list(items: Record<string, number>): string {
  return Object.entries(items)
    .map(([item, count]) => `${count} × ${item}`)
    .join(', ');
}

await tellIfStarted(import.meta.url, shoppingBasket);
