import { afterEach, expect, it } from 'vitest';
import { Random } from '../../src/demo/random.js';
import { RedisConnection } from '../../src/demo/redis-connection.js';
import { Shop } from '../../src/demo/shop.js';
import { startServer, stopServers } from '../embedded-server.js';
import { FakeClock } from '../fake-clock.js';

afterEach(stopServers);

/** Lets the shop be open for some seconds of a test's clock. Returns what happened to its sessions. */
async function openFor(seconds: number) {
  const clock = new FakeClock();
  const events: string[] = [];
  const server = await startServer(
    {},
    {
      clock,
      listener: {
        onSession: (event, session) => events.push(`${event} ${server.engine.nameText(session).replace(/:.*/, '')}`),
      },
    },
  );
  const [{ port }] = server.addresses;
  const [site, couriers] = [await RedisConnection.open(port, 'site'), await RedisConnection.open(port, 'couriers')];
  let calls = 0;
  const counted = (connection: RedisConnection) => ({
    call: (...words: (string | number)[]) => {
      calls++;
      return connection.call(...words);
    },
  });
  const shop = new Shop({ site: counted(site), couriers: counted(couriers), clock, random: new Random(1) });
  shop.open();
  for (let ms = 0; ms < seconds * 1000; ms += 100) {
    clock.advance(100);
    // Until nobody has sent anything since the last look.
    for (let before = -1; before !== calls; ) {
      before = calls;
      await Promise.all([site.call('PING'), couriers.call('PING')]);
    }
  }
  const { sessions } = server.engine.stats();
  shop.close();
  const before = calls;
  clock.advance(60_000);
  await site.call('PING');
  const callsWhenClosed = calls - before;
  site.close();
  couriers.close();
  return { events, sessions, callsWhenClosed };
}

it('shows everything that happens to sessions within two minutes, and sends nothing when it is closed', async () => {
  const { events, callsWhenClosed } = await openFor(120);
  expect([...new Set(events)].sort()).toEqual(
    expect.arrayContaining([
      'cleared special',
      'ended basket',
      'ended delivery',
      'ended user',
      'expired basket',
      'expired delivery',
      'expired offer',
      'expired remembered',
      'expired user',
      'limit user',
      'maxage user',
      'new basket',
      'new delivery',
      'new offer',
      'new remembered',
      'new special',
      'new user',
      'rotated user',
    ]),
  );
  expect(callsWhenClosed).toBe(0);
});

it('has baskets, logins and an offer on the wheel within seconds', async () => {
  const { events, sessions } = await openFor(8);
  expect(events.filter((event) => event === 'new offer')).toHaveLength(150);
  expect(events).toEqual(expect.arrayContaining(['new basket', 'new user', 'ended basket']));
  expect(sessions).toBeGreaterThan(450);
});
