import { describe, expect, it } from 'vitest';
import { refusedIn, type Sample, sampleOf } from '../../page/feed/sample.js';
import { troublesOf } from '../../page/header/troubles.js';
import type { ErrorCode } from '../../src/errors.js';
import type { LivePersistence, LiveSnapshot, LiveWebhook } from '../../src/http/live/live-data.js';
import { errorCodes, HEALTHY } from './healthy-snapshot.js';

const JOURNAL: LivePersistence & { on: true } = {
  on: true,
  policy: 'everysec',
  error: '',
  size: 100,
  baseSize: 50,
  pending: 0,
  compaction: { lastSucceeded: true },
};

const WEBHOOK: LiveWebhook = {
  name: 'shop',
  state: 'ok',
  delivered: 9,
  waiting: 0,
  lagMs: 0,
  failures: 0,
  lastError: '',
  deadLetters: 0,
};

const sample = (change: Partial<Sample>, agoMs = 0): Sample => ({
  ...sampleOf(HEALTHY, { ...HEALTHY, at: HEALTHY.at - 1000 }),
  at: HEALTHY.at - agoMs,
  ...change,
});
const memory = (change: Partial<LiveSnapshot['memory']>) => ({ memory: { ...HEALTHY.memory, ...change } });
const lateness = (p99: number) => ({ lateness: { ...HEALTHY.lateness, p99 } });
const full = memory({ used: 1_000_000_000 });
const fullWith = (policy: string) => memory({ used: 1_000_000_000, policy });
const refused = (code: ErrorCode, count: number, agoMs = 0) => sample({ refused: new Map([[code, count]]) }, agoMs);
const noTimers = { wheel: { ...HEALTHY.wheel, timers: 0 } };

describe('what the page says is wrong', () => {
  it.each<[string, Partial<LiveSnapshot>, Sample[], string[]]>([
    ['nothing', {}, [sample({})], []],
    ['nothing with a journal', { persistence: JOURNAL }, [], []],
    ['a reason that the server gives', { ready: false, notReady: ['stopping'] }, [], ['bad Not ready: stopping.']],
    [
      'the disk',
      { ready: false, notReady: ['persistence'], persistence: { ...JOURNAL, error: 'no space left on device' } },
      [],
      ['bad Cannot write to the disk, so changes are refused: no space left on device.'],
    ],
    [
      'loading',
      { ready: false, notReady: ['loading'], persistence: { ...JOURNAL, loading: { loaded: 45, total: 100 } } },
      [],
      ['bad Loading the journal: 45 % of 100 B. Commands wait until it is loaded.'],
    ],
    [
      'webhooks',
      {
        webhooks: [
          { ...WEBHOOK },
          { ...WEBHOOK, name: 'mail', state: 'failing', lastError: 'the response was 500', waiting: 1 },
          { ...WEBHOOK, name: 'old', state: 'disabled', waiting: 2000 },
        ],
      },
      [],
      [
        'warn The webhook mail fails: the response was 500. Not delivered yet: 1 event.',
        'warn The webhook old is disabled, because its receiver answered 410. Not delivered yet: 2,000 events.',
      ],
    ],
    [
      'a failed compaction',
      { persistence: { ...JOURNAL, compaction: { lastSucceeded: false } } },
      [],
      ['warn The last compaction of the journal failed.'],
    ],
    [
      'full memory',
      full,
      [],
      ['bad Memory is full (954 MB of 954 MB), so commands that need more are refused with OOM.'],
    ],
    [
      'evictions',
      fullWith('allsessions-lru'),
      [sample({ evicted: 3 }, 10_000)],
      ['warn Memory is full (954 MB of 954 MB), so sessions are evicted to make room.'],
    ],
    [
      'a policy that finds nothing to evict',
      { ...fullWith('allsessions-lru'), sessions: 0 },
      [sample({ evicted: 3 })],
      [
        'bad Memory is full (954 MB of 954 MB) and maxmemory-policy allsessions-lru finds nothing to evict, so commands that need more are refused with OOM.',
      ],
    ],
    [
      'a policy that spares sessions without a deadline',
      { ...fullWith('volatile-ttl'), ...noTimers },
      [],
      [
        'bad Memory is full (954 MB of 954 MB) and maxmemory-policy volatile-ttl finds nothing to evict, so commands that need more are refused with OOM.',
      ],
    ],
    [
      'full memory in which something can be evicted',
      fullWith('volatile-ttl'),
      [],
      ['warn Memory is nearly full (954 MB of 954 MB).'],
    ],
    [
      'commands that were refused although memory is not full now',
      fullWith('volatile-ttl'),
      [refused('OOM', 2, 20_000), refused('OOM', 1)],
      ['bad 3 commands were refused with OOM in the last half minute: too little memory (954 MB of 954 MB).'],
    ],
    ['commands that were refused long ago', {}, [refused('OOM', 2, 40_000), refused('WRONGPASS', 2, 40_000)], []],
    [
      'wrong passwords',
      {},
      [refused('WRONGPASS', 1)],
      ['warn 1 attempt to log in failed in the last half minute: wrong user name or password.'],
    ],
    ['sessions that had ended', {}, [refused('NOSESSION', 50)], []],
    ['evictions that are long past', {}, [sample({ evicted: 3 }, 40_000)], []],
    ['nearly full memory', memory({ used: 950_000_000 }), [], ['warn Memory is nearly full (906 MB of 954 MB).']],
    ['much memory without a limit', memory({ used: 1e12, limit: 0 }), [], []],
    ['late', lateness(150), [], ['warn Sessions expire late: 1 in 100 by 150 ms or more, over the last 5 min.']],
    ['very late', lateness(4000), [], ['bad Sessions expire late: 1 in 100 by 4.0 s or more, over the last 5 min.']],
    [
      'a stall',
      {},
      [sample({ stallMs: 400 }, 20_000), sample({})],
      ['warn The event loop stalled for 400 ms, so all clients had to wait.'],
    ],
    [
      'many clients',
      { connections: { ...HEALTHY.connections, clients: 9500 } },
      [],
      ['warn 9,500 clients connected, of at most 10,000.'],
    ],
    ['refused connections', {}, [sample({ rejected: 2 })], ['warn Connections have just been refused.']],
    [
      'the worst first',
      { ...full, ...lateness(150) },
      [],
      [
        'bad Memory is full (954 MB of 954 MB), so commands that need more are refused with OOM.',
        'warn Sessions expire late: 1 in 100 by 150 ms or more, over the last 5 min.',
      ],
    ],
  ])('%s', (_, change, samples, sentences) => {
    const troubles = troublesOf({ ...HEALTHY, ...change }, samples);
    expect(troubles.map(({ level, text }) => `${level} ${text}`)).toEqual(sentences);
  });

  it('rates are the differences between two snapshots', () => {
    const totals = { ...HEALTHY.totals, created: 30, expired: 6, cleared: 2 };
    const { created, expired, ended } = sampleOf({ ...HEALTHY, at: HEALTHY.at + 2000, totals }, HEALTHY);
    expect({ created, expired, ended }).toEqual({ created: 10, expired: 1, ended: 0 });
  });

  it('refused commands are counted by code, for as long as asked', () => {
    const counted = (at: number, counts: Partial<Record<ErrorCode, number>>): LiveSnapshot => ({
      ...HEALTHY,
      at,
      totals: { ...HEALTHY.totals, errorCodes: errorCodes(counts) },
    });
    const snapshots = [
      counted(0, { OOM: 5 }),
      counted(1000, { OOM: 6, NOPERM: 1 }),
      counted(2000, { OOM: 8, NOPERM: 1, NOSESSION: 4 }),
    ];
    const samples = snapshots.slice(1).map((snapshot, i) => sampleOf(snapshot, snapshots[i] ?? snapshot));
    const counts = (from: number) => Object.fromEntries(refusedIn(samples, from));
    expect(counts(0)).toEqual({ OOM: 3, NOPERM: 1, NOSESSION: 4 });
    expect(counts(1000)).toEqual({ OOM: 2, NOSESSION: 4 });
    expect(counts(2000)).toEqual({});
  });
});
