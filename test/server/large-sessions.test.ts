import { afterEach, describe, expect, it } from 'vitest';
import { stopServers } from '../embedded-server.js';
import { askWith } from './ask.js';
import { start } from './start.js';

afterEach(stopServers);

const FIELDS = 1000;
const fields = Array.from({ length: FIELDS }, (_, i) => [`field${i}`, `value${i}`]);

describe('a hash of many fields', () => {
  const startFilled = async () => {
    const started = await start();
    await askWith(started.client, 'HSET', 'h', ...fields.flat());
    return started;
  };

  it('is complete after HSCAN in parts of COUNT, although fields are deleted and set meanwhile', async () => {
    const { ask } = await startFilled();
    const seen = new Map<string, string>();
    let cursor = '0';
    let turn = 0;
    do {
      const [next, ...page] = (await ask(`HSCAN h ${cursor} COUNT 50`)).split(' ');
      expect(page.length).toBeLessThanOrEqual(100);
      for (let i = 0; i < page.length; i += 2) seen.set(page[i], page[i + 1]);
      cursor = next;
      await ask(`HDEL h field${turn * 7 + 1}`);
      await ask(`HSET h more${turn} 1`);
      turn++;
    } while (cursor !== '0');
    expect(turn).toBeGreaterThan(15);
    for (const [i, [field, value]] of fields.entries()) if (i % 7 !== 1) expect(seen.get(field)).toBe(value);
  });

  it('is searched by HSCAN with MATCH in parts of COUNT fields, whether they match or not, and of at most a megabyte', async () => {
    const { ask, client } = await startFilled();
    const found: string[] = [];
    let cursor = '0';
    let calls = 0;
    do {
      const [next, ...page] = (await ask(`HSCAN h ${cursor} MATCH *99 COUNT 100`)).split(' ');
      found.push(...page.filter((_, i) => i % 2 === 0));
      cursor = next;
      calls++;
    } while (cursor !== '0');
    expect(calls).toBe(10);
    expect(found.sort()).toEqual(
      fields
        .map(([field]) => field)
        .filter((field) => field.endsWith('99'))
        .sort(),
    );
    for (let i = 0; i < 5; i++) await askWith(client, 'HSET', 'large', `${i}`, 'v'.repeat(600_000));
    for (const left of ['3', '1', '0']) {
      const page = await ask(`HSCAN large ${cursor} COUNT 1000`);
      expect(page.slice(0, 2)).toBe(`${left} `);
      cursor = left;
    }
    // A cursor that no call returned is after the end.
    expect((await ask('HSCAN h 18446744073709551615 COUNT 5000')).split(' ').length).toBe(1 + 2 * FIELDS);
  });

  it('with a field of megabytes: HSCAN does not search it for a pattern, but finds it by beginning or end', async () => {
    const { ask, client } = await startFilled();
    await askWith(client, 'HSET', 'one', 'f'.repeat(300_000), 'v');
    expect(await ask('HSCAN one 0 MATCH *a*')).toMatch(
      /^ERR a pattern with two or more stars cannot be matched against a text of more than 262144 bytes/,
    );
    expect((await ask('HSCAN one 0 MATCH f*')).length).toBe('0 '.length + 300_000 + ' v'.length);
    expect(await ask('HSCAN one 0 MATCH g*')).toBe('0 ');
  });

  it('returns different fields by HRANDFIELD, any with a negative count, and all if there are no more', async () => {
    const { ask } = await startFilled();
    const all = new Map(fields as [string, string][]);
    expect(all.has(await ask('HRANDFIELD h'))).toBe(true);
    for (const count of [1, 10, 999, 1000, 5000]) {
      const drawn = (await ask(`HRANDFIELD h ${count}`)).split(' ');
      expect(drawn.length).toBe(Math.min(count, FIELDS));
      expect(new Set(drawn).size).toBe(drawn.length);
      for (const field of drawn) expect(all.has(field)).toBe(true);
    }
    const pairs = (await ask('HRANDFIELD h -3000 WITHVALUES')).split(' ');
    expect(pairs.length).toBe(6000);
    for (let i = 0; i < pairs.length; i += 2) expect(all.get(pairs[i])).toBe(pairs[i + 1]);
    // Every field can be chosen.
    expect(new Set(pairs).size).toBeGreaterThan(1500);
    await ask('HSET small a 1 b 2');
    expect((await ask('HRANDFIELD small 5')).split(' ').sort()).toEqual(['a', 'b']);
    expect((await ask('HRANDFIELD small -50')).split(' ').length).toBe(50);
  });
});

describe('a large value', () => {
  it('is read in parts, grows in place, and has the right length', async () => {
    const { ask, client, server } = await start();
    const value = Array.from({ length: 50_000 }, (_, i) => String(i).padStart(6, '0')).join('');
    await askWith(client, 'SET', 's', value);
    expect(await ask('STRLEN s')).toBe('300000');
    for (const [first, last] of [
      [0, 9],
      [65_525, 65_540],
      [131_000, 200_000],
      [299_990, 400_000],
    ]) {
      expect(await ask(`GETRANGE s ${first} ${last}`)).toBe(value.slice(first, last + 1));
    }
    expect(await ask('GETRANGE s -6 -1')).toBe('049999');
    expect(await ask('SETRANGE s 65530 abcdef')).toBe('300000');
    expect(await ask('APPEND s xyz')).toBe('300003');
    expect(await ask('GET s')).toBe(`${value.slice(0, 65_530)}abcdef${value.slice(65_536)}xyz`);
    const usage = Number(await ask('MEMORY USAGE s'));
    expect(usage).toBeGreaterThan(300_003);
    expect(usage).toBeLessThan(340_000);
    const { memory } = server.engine;
    await askWith(client, 'SESSION.NEW', 'n', '100', 'DATA', 'a', value, 'b', value);
    expect(server.engine.memory - memory).toBeGreaterThan(600_000);
    await ask('SESSION.ENDNAME n');
    expect(server.engine.memory).toBe(memory);
  });
});
