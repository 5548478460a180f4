import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Argument, Reply } from '../../../src/store/valkey/nodes/nodes.js';
import { SettingsWatch } from '../../../src/store/valkey/settings-watch.js';
import { settingsOf } from '../../../src/store/valkey/store-settings.js';
import { FakeClock } from '../../fake-clock.js';

/** A store that only has its settings. */
class SettingsOnly {
  settings: Argument[] | undefined;
  isAway = false;

  readonly call = async (_partition: number, fn: string, args: readonly Argument[]): Promise<Reply> => {
    if (this.isAway) throw new Error('away');
    if (fn !== 'setup') return 1;
    this.settings ??= [...args];
    const [partitions, secret] = this.settings;
    return [Buffer.from('1'), Buffer.from(String(partitions)), Buffer.from(secret as Buffer)];
  };

  readonly command = async (): Promise<Reply> => {
    if (this.isAway) throw new Error('away');
    return null;
  };
}

async function watched() {
  const clock = new FakeClock();
  const nodes = new SettingsOnly();
  const settings = await settingsOf(nodes, 16);
  const watch = new SettingsWatch(nodes, clock);
  watch.start(settings);
  const pass = async () => {
    clock.advance(500);
    await setImmediate();
  };
  return { clock, nodes, settings, watch, pass };
}

describe('the settings of a store', () => {
  it('come back if the store loses them', async () => {
    const { nodes, settings, watch, pass } = await watched();
    nodes.settings = undefined;
    await pass();
    expect(nodes.settings).toEqual([16, settings.secret]);
    expect(watch.replacedAt).toBeUndefined();
    expect(await watch.calls.call(3, 'get', [])).toBe(1);
  });

  it.each([
    ['another number of partitions', (secret: Buffer) => [256, secret]],
    ['another secret', () => [16, Buffer.alloc(32)]],
  ])('let no call through while they are those of another process: %s', async (_, other) => {
    const { clock, nodes, settings, watch, pass } = await watched();
    nodes.settings = other(settings.secret);
    await pass();
    expect(watch.replacedAt).toBe(clock.wall());
    await expect(watch.calls.call(3, 'get', [])).rejects.toMatchObject({
      code: 'TRYAGAIN',
      message: expect.stringContaining('restart this process'),
      mayHaveRun: false,
    });
    nodes.settings = [16, settings.secret];
    await pass();
    expect(watch.replacedAt).toBeUndefined();
  });

  it('are checked again after a failure, and no more after the end', async () => {
    const { nodes, settings, watch, pass } = await watched();
    nodes.settings = undefined;
    nodes.isAway = true;
    await pass();
    nodes.isAway = false;
    expect(watch.replacedAt).toBeUndefined();
    await pass();
    expect(nodes.settings).toEqual([16, settings.secret]);
    watch.stop();
    nodes.settings = undefined;
    await pass();
    expect(nodes.settings).toBeUndefined();
  });
});
