import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { type Say, tellIfStarted } from './tell.js';
import { letTimePass, waitUntil } from './wait.js';

/** How long a basket waits for its visitor, in seconds. */
const IDLE = 1800;

/**
 * A basket from its first item to its end: it slides while it is used, survives parallel requests and the login,
 * and goes when the visitor does.
 *
 *     npx tsx examples/shopping-basket.ts
 */
export async function shoppingBasket(redis: Redis, say: Say) {
  // A name of this run's own, because ENDNAME ends every session of the name. A shop would say 'basket'.
  const name = `basket:${randomUUID()}`;

  // No basket before there is something in it: crawlers and passers-by cost nothing.
  const guest = await newBasket(redis, name, 'margherita');
  say(`A visitor takes a first item: a basket with ${list(await look(redis, guest))}.`);

  // INCRBY adds in the server, so no request works out a quantity from one that has changed meanwhile.
  const margheritas = Number(await redis.call('SESSION.INCRBY', guest, 'margherita', 1));
  say(`One more of it makes ${margheritas}.`);

  const leftBefore = await letTimePass(redis, guest);
  await look(redis, guest);
  const leftAfter = Number(await redis.call('SESSION.PTTL', guest));
  say(`A look at the basket starts its half hour again: from ${leftBefore} ms left to ${leftAfter} ms.`);

  // Both tabs look before either writes. Were the basket one value, the second write would undo the first.
  const tab = async (item: string, count: number) => {
    await look(redis, guest);
    await redis.call('SESSION.INCRBY', guest, item, count);
  };
  await Promise.all([tab('margherita', 1), tab('cola', 4)]);
  const afterTabs = await look(redis, guest);
  say(`Two tabs change it at the same time and both count: ${list(afterTabs)}.`);

  // A token from before the login may be known to somebody else; after ROTATE it opens nothing.
  const member = String(await redis.call('SESSION.ROTATE', guest));
  const withOldToken = await look(redis, guest).catch((error: Error) => error.message);
  const afterLogin = await look(redis, member);
  say(`Login: the old token gets "${withOldToken}", the new one ${list(afterLogin)}.`);

  const sleepy = await newBasket(redis, name, 'quattro stagioni');
  await newBasket(redis, name, 'calzone');
  const open = await countBaskets(redis, name);
  say(`With two other visitors there are ${open} baskets.`);

  const ended = Number(await redis.call('SESSION.END', member));
  // The last request of a visitor who has left: it must not bring the basket back.
  const afterEnd = await redis.call('SESSION.INCRBY', member, 'cola', 1).catch((error: Error) => error.message);
  say(`The first visitor leaves: ${ended} basket ended, and a late request gets "${afterEnd}".`);

  // A quarter of a second instead of half an hour, so that nobody has to wait for the end of the story.
  await redis.call('SESSION.PEXPIRE', sleepy, 250);
  await waitUntil(async () => Number(await redis.call('SESSION.EXISTS', sleepy)) === 0);
  const openAfterExpiry = await countBaskets(redis, name);
  say(`The second stays away until the basket expires: ${openAfterExpiry} left.`);

  const endedByName = Number(await redis.call('SESSION.ENDNAME', name));
  const openAtTheEnd = await countBaskets(redis, name);
  say(`The shop closes: ${endedByName} basket ended by name, ${openAtTheEnd} left.`);

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
  // ioredis hands a map over as [key, value, …], unless it is made with `replyMapping: 'resp3'`.
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
