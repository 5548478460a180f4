import { describe, expect, it } from 'vitest';
import { IDLE_WRITES, LOOKS, on, READS, WRITES } from './commands.js';
import type { Suite } from './suite.js';

/** An event may come this many ms after the deadline: the store's timers tick. */
const TICK = 20;

/** Commands that end a session, and their requests. */
const ENDINGS: readonly (readonly [command: string, words: (token: string, name: string) => string[]])[] = [
  ['END', (token) => ['SESSION.END', token]],
  ['ENDNAME', (_, name) => ['SESSION.ENDNAME', name]],
  ['ENDALL', () => ['SESSION.ENDALL']],
];

export function events(suite: Suite): void {
  let carts = 0;

  /** Subscribes to the events of sessions with a new name. */
  async function start() {
    const name = `cart${++carts}`;
    const heard = await suite.subscribe(`__session__:*:${name}`);
    const data = await suite.subscribe(`__sessiondata__:*:${name}`);
    return {
      name,
      client: await suite.connect(),
      /** Returns what has been heard up to this event. */
      heard: (event: string) => heard.eventsUpTo(event, name),
      data: (event: string) => data.dataUpTo(event, name),
    };
  }

  describe('session events', () => {
    it.each(ENDINGS)('`ended` with the last data, after %s', async (_, end) => {
      const { client, name, heard, data } = await start();
      const other = await suite.connect();
      const token = await client.create(name, '1000', 'no', 'MAXAGE', '2000', 'DATA', 'pizza', '1');
      const { created } = await client.map('SESSION.INFO', token);
      await client.ask('SESSION.SET', token, 'pizza', '2', 'cola', '');
      await other.ask(...end(token, name));
      expect(await heard('ended')).toEqual([`new ${token}`, `ended ${token}`]);
      const [last, ...more] = await data('ended');
      expect(more).toEqual([]);
      const keys = { pizza: '2', cola: '' };
      expect(last).toEqual({ event: 'ended', name, token, at: expect.any(Number), created, keys });
      suite.expectPassed(Number(last.at) - Number(created), 0);
    });

    it('`ended` for the sessions that ENDID ends, and no others', async () => {
      const { client, name, heard } = await start();
      const [one, two] = [await client.create(name), await client.create(name)];
      await client.ask('SESSION.ENDID', name, String(await client.ask('SESSION.ID', two)));
      expect((await heard('ended')).at(-1)).toBe(`ended ${two}`);
      await client.ask('SESSION.END', one);
      expect(await heard('ended')).toEqual([`ended ${one}`]);
    });

    it('`expired` with the last data, at the deadline, without a request for the session', async () => {
      const { client, name, heard, data } = await start();
      const token = await client.create(name, '1', 'DATA', 'pizza', '1');
      const { created } = await client.map('SESSION.INFO', token);
      await suite.pass(1000 + TICK);
      expect(await heard('expired')).toEqual([`new ${token}`, `expired ${token}`]);
      const [last] = await data('expired');
      expect(last).toMatchObject({ event: 'expired', name, token, created, keys: { pizza: '1' } });
      expect(Number(last.at)).toBeGreaterThanOrEqual(Number(created) + 1000);
    });

    it('`expired` with the last data, if a command finds the session first', async () => {
      const { client, name, data } = await start();
      const token = await client.create(name, '1', 'DATA', 'pizza', '1');
      await suite.passUnnoticed(1000);
      await client.refusal('SESSION.SET', token, 'pizza', '2');
      expect(await data('expired')).toMatchObject([{ token, keys: { pizza: '1' } }]);
    });

    it('`cleared` with the last data each time, then `ended` with the data since', async () => {
      const { client, name, heard, data } = await start();
      const token = await client.create(name, '1', 'no', 'DATA', 'pizza', '1');
      await suite.pass(1000 + TICK);
      await client.ask('SESSION.SET', token, 'cola', '2');
      await suite.pass(1000 + TICK);
      await client.ask('SESSION.SET', token, 'beer', '3');
      await client.ask('SESSION.END', token);
      expect(await heard('ended')).toEqual(['new', 'cleared', 'cleared', 'ended'].map((event) => `${event} ${token}`));
      expect(await data('ended')).toMatchObject([
        { event: 'cleared', token, keys: { pizza: '1' } },
        { event: 'cleared', token, keys: { cola: '2' } },
        { event: 'ended', token, keys: { beer: '3' } },
      ]);
    });

    it('`maxage` with the last data, at the maximum age', async () => {
      const { client, name, heard, data } = await start();
      const token = await client.create(name, '1000', 'no', 'MAXAGE', '1', 'DATA', 'pizza', '1');
      await suite.pass(1000 + TICK);
      expect(await heard('maxage')).toEqual([`new ${token}`, `maxage ${token}`]);
      expect(await data('maxage')).toMatchObject([{ event: 'maxage', token, keys: { pizza: '1' } }]);
    });

    it('`limit` with the last data, for the sessions beyond LIMIT', async () => {
      const { client, name, heard, data } = await start();
      const old = await client.create(name, 'DATA', 'pizza', '1');
      await client.create(name, 'LIMIT', '1');
      const ofOld = (await heard('limit')).filter((event) => event.endsWith(old));
      expect(ofOld).toEqual([`new ${old}`, `limit ${old}`]);
      expect(await data('limit')).toMatchObject([{ event: 'limit', token: old, keys: { pizza: '1' } }]);
    });

    it('`rotated` with the new token, which later events have', async () => {
      const { client, name, heard, data } = await start();
      const old = await client.create(name, 'DATA', 'pizza', '1');
      const token = String(await client.ask('SESSION.ROTATE', old, 'GRACE', '1000'));
      await client.ask('SESSION.END', old);
      expect(await heard('ended')).toEqual([`new ${old}`, `rotated ${token}`, `ended ${token}`]);
      // Only what removes data publishes data.
      expect(await data('ended')).toMatchObject([{ event: 'ended', token, keys: { pizza: '1' } }]);
    });

    it('a shared session has them as others have', async () => {
      const { client, name, heard } = await start();
      const token = await client.create(name, '1', 'SHARED');
      await suite.pass(1000 + TICK);
      expect(await heard('expired')).toEqual([`new ${token}`, `expired ${token}`]);
    });

    it('there are none for reading, looking, writing and extending, nor for what is refused or ends nothing', async () => {
      const { client, name, heard, data } = await start();
      const token = await client.create(name, '1000', 'EXTEND', 'BOTH', 'DATA', 'k', '1');
      for (const command of [...READS, ...LOOKS, ...IDLE_WRITES, ...WRITES, ['TOUCH'], ['EXPIRE', '2000']]) {
        await client.ask(...on(token, command));
      }
      await client.refusal('SESSION.NEW', name, 'TOKEN', token);
      await client.ask('SESSION.END', token);
      await client.ask('SESSION.END', token);
      await client.refusal('SESSION.SET', token, 'k', '1');
      expect(await heard('ended')).toEqual([`new ${token}`, `ended ${token}`]);
      expect(await data('ended')).toMatchObject([{ event: 'ended', token }]);
      const next = await client.create(name);
      await client.ask('SESSION.END', next);
      expect(await heard('ended')).toEqual([`new ${next}`, `ended ${next}`]);
      expect(await data('ended')).toMatchObject([{ event: 'ended', token: next }]);
    });

    it('every subscriber hears every event once, wherever it is connected', async () => {
      const { client, name, heard } = await start();
      const other = await suite.subscribe(`__session__:*:${name}`);
      const expected: string[] = [];
      for (let i = 0; i < 50; i++) {
        const token = await client.create(name);
        await client.ask('SESSION.END', token);
        expected.push(`ended ${token}`, `new ${token}`);
      }
      for (const next of [heard, (event: string) => other.eventsUpTo(event, name)]) {
        const seen: string[] = [];
        for (let i = 0; i < 50; i++) seen.push(...(await next('ended')));
        expect([...seen].sort()).toEqual([...expected].sort());
      }
    });

    it('only a pattern that spells out `__session` hears them, so a listener to everything gets no tokens', async () => {
      const client = await suite.connect();
      const listener = await suite.connect();
      for (const pattern of ['*', '*:secret', '[_]_session*', '__session__:ended:secret']) {
        await listener.ask('PSUBSCRIBE', pattern);
      }
      const token = await client.create('secret');
      await client.ask('SESSION.END', token);
      const channel = '__session__:ended:secret';
      expect(await listener.message()).toEqual(['pmessage', channel, channel, token]);
    });

    it('data that is too large is left out, and its sizes are published instead', async () => {
      const { client, name, data } = await start();
      const token = await client.create(name, 'DATA', 'small', '1', 'large', 'x'.repeat(2 ** 20));
      await client.ask('SESSION.END', token);
      const [last] = await data('ended');
      const sizes = { small: 1, large: 2 ** 20 };
      expect(last).toMatchObject({ event: 'ended', token, truncated: true, count: 2, sizes });
      expect(last.keys).toBeUndefined();
    });
  });
}
