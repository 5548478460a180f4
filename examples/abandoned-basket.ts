import { startWithWebhook } from './own-server.js';
import { Receiver } from './receiver.js';
import { isStarted, type Say } from './tell.js';
import { waitUntil } from './wait.js';

/**
 * A visitor fills a basket and forgets it. An instant after it has expired, its content is posted to the shop, which
 * can now send a reminder. Starts respite itself, with a webhook:
 *
 *     npx tsx examples/abandoned-basket.ts
 */
export async function abandonedBasket(say: Say) {
  const shop = await Receiver.start();
  // private=yes, because this shop is on the same machine.
  const line = `${shop.url} name=shop events=expired names=basket data=yes secret-file=${shop.secretFile} private=yes`;
  const { redis, stop } = await startWithWebhook(line);
  try {
    const basket = async (...items: (string | number)[]) =>
      String(await redis.call('SESSION.NEW', 'basket', 1800, 'EXTEND', 'BOTH', 'DATA', ...items));
    // A quarter of a second instead of half an hour, so that the story ends soon.
    const forget = (token: string) => redis.call('SESSION.PEXPIRE', token, 250);

    await forget(await basket('margherita', 2, 'cola', 1));
    say('A visitor puts two margheritas and a cola into a basket, and closes the browser.');
    const abandoned = await shop.next();
    const late = Date.now() - abandoned.data.at;
    say(`The basket has expired, and ${late} ms later the shop has ${list(abandoned.data.keys)}.`);

    const bought = await basket('calzone', 1);
    await redis.call('SESSION.END', bought);
    say('Another visitor buys a calzone. The basket is ended, so nobody is reminded.');

    shop.isDown = true;
    await forget(await basket('quattro stagioni', 1));
    await waitUntil(async () => shop.refused > 0, 60_000);
    say(`A third basket expires while the shop is out of order and refuses it.`);
    shop.isDown = false;
    const repeated = await shop.next();
    say(`The shop is back, and soon it has ${list(repeated.data.keys)}. Nothing is lost.`);

    return { abandoned: abandoned.data.keys, type: abandoned.type, repeated: repeated.data.keys };
  } finally {
    await stop();
    shop.stop();
  }
}

function list(items: Readonly<Record<string, string>> = {}): string {
  return Object.entries(items)
    .map(([item, count]) => `${count} × ${item}`)
    .join(', ');
}

if (isStarted(import.meta.url)) await abandonedBasket(console.log);
