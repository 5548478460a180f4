import type { Redis } from 'ioredis';
import { type Say, tellIfStarted } from './tell.js';
import { letTimePass } from './wait.js';

/**
 * Tracks a pizza delivery in two ways: with a session per delivery, then with a session per driver and a key per pizza.
 *
 *     npx tsx examples/pizza-delivery.ts
 */
export async function pizzaDelivery(redis: Redis, say: Say) {
  return {
    delivery: await sessionPerDelivery(redis, say),
    driver: await sessionPerDriver(redis, say),
  };
}

async function sessionPerDelivery(redis: Redis, say: Say) {
  say('A session per delivery');

  // Two hours are much longer than any delivery takes: the ttl is for deliveries that nobody ends. Anyone with the
  // token can open the delivery, so it stays within the shop's own programs.
  const delivery = String(
    await redis.call('SESSION.NEW', 'delivery:4711', 7200, 'DATA', 'position', 'Bakery Lane 1', 'eta', '20 min'),
  );
  const endsWithin = Number(await redis.call('SESSION.TTL', delivery));
  say(`  The courier leaves. Even if nobody ends this delivery, it ends within ${endsWithin} s.`);

  await redis.call('SESSION.SET', delivery, 'position', 'Harbour Bridge', 'eta', '8 min');
  say('  The courier is on the way and reports a new position and ETA.');

  // By default neither reads nor writes extend a session: reloading the page keeps nothing alive.
  const [position, eta] = (await redis.call('SESSION.MGET', delivery, 'position', 'eta')) as string[];
  say(`  The customer's page shows: ${position}, ${eta} to go.`);

  const ended = Number(await redis.call('SESSION.END', delivery));
  say(`  Delivered: ${ended} session ended, and its data is gone.`);

  // The courier's phone was in a tunnel. A cache would accept this write and keep a delivery that is long over.
  const lateUpdate = await redis
    .call('SESSION.SET', delivery, 'position', 'Tunnel')
    .catch((error: Error) => error.message);
  const exists = Number(await redis.call('SESSION.EXISTS', delivery));
  say(`  A late position update gets "${lateUpdate}"; sessions brought back to life: ${exists}.`);

  return { endsWithin, position, eta, ended, lateUpdate, exists };
}

async function sessionPerDriver(redis: Redis, say: Say) {
  say('A session per driver');

  // EXTEND SET: each write restarts the minute, so the session lives exactly as long as the driver reports.
  const driver = String(await redis.call('SESSION.NEW', 'driver:ada', 60, 'EXTEND', 'SET'));
  say('  Ada starts her shift. A minute without a report ends her session.');

  // ADD does not change existing keys: a box that is scanned twice is still one pizza.
  const loaded = Number(await redis.call('SESSION.ADD', driver, 'pizza:1', '10 min', 'pizza:2', '18 min'));
  const loadedAgain = Number(await redis.call('SESSION.ADD', driver, 'pizza:2', '25 min', 'pizza:3', '25 min'));
  say(`  She loads ${loaded} pizzas; the next scan includes one of them again and adds ${loadedAgain}.`);

  const leftBefore = await letTimePass(redis, driver);
  await redis.call('SESSION.SET', driver, 'pizza:1', '2 min', 'pizza:2', '10 min', 'pizza:3', '17 min');
  const leftAfter = Number(await redis.call('SESSION.PTTL', driver));
  say(`  She reports new ETAs: ${leftBefore} ms of her minute were left, now it is ${leftAfter} ms again.`);

  const delivered = Number(await redis.call('SESSION.DEL', driver, 'pizza:1'));
  const left = Number(await redis.call('SESSION.COUNT', driver));
  const aboard = (await redis.call('SESSION.KEYS', driver)) as string[];
  say(`  ${delivered} pizza delivered, ${left} left: ${aboard.join(', ')}.`);

  const ended = Number(await redis.call('SESSION.END', driver));
  say(`  Ada's shift is over: ${ended} session ended.`);

  return { loaded, loadedAgain, leftBefore, leftAfter, delivered, left, aboard, ended };
}

await tellIfStarted(import.meta.url, pizzaDelivery);
