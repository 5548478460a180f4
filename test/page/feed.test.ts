import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Feed } from '../../page/feed/feed.js';
import type { LiveMessages } from '../../src/http/live/live-data.js';
import { errorCodes, HEALTHY } from './healthy-snapshot.js';

/** Stands for the browser's connection to the server. */
class FakeSource extends EventTarget {
  static latest: FakeSource;
  onerror: () => void = () => {};

  constructor() {
    super();
    FakeSource.latest = this;
  }

  close(): void {}

  send<Name extends keyof LiveMessages>(name: Name, data: Partial<LiveMessages[Name]>): void {
    this.dispatchEvent(new MessageEvent(name, { data: JSON.stringify(data) }));
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('EventSource', FakeSource);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it('what happened while the page was not connected is not counted as if it had just happened', () => {
  const feed = new Feed('live');
  const snapshot = (seconds: number, OOM: number) =>
    FakeSource.latest.send('snapshot', {
      ...HEALTHY,
      at: HEALTHY.at + seconds * 1000,
      totals: { ...HEALTHY.totals, errorCodes: errorCodes({ OOM }) },
    });
  const refused = () => feed.samples.map((sample) => sample.refused.get('OOM') ?? 0);
  FakeSource.latest.send('hello', { runId: 'a' });
  snapshot(0, 5);
  snapshot(1, 7);
  expect(refused()).toEqual([2]);

  const before = FakeSource.latest;
  before.onerror();
  expect(feed.connected).toBe(false);
  vi.advanceTimersToNextTimer();
  expect(FakeSource.latest).not.toBe(before);
  FakeSource.latest.send('hello', { runId: 'a' });
  snapshot(3600, 1000);
  expect(feed.connected).toBe(true);
  snapshot(3601, 1001);
  // The samples from before are too old by now.
  expect(refused()).toEqual([1]);
});
