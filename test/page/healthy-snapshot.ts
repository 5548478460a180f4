import { ERROR_CODES, type ErrorCode } from '../../src/errors.js';
import type { LiveSnapshot } from '../../src/http/live/live-data.js';

/** Counts of errors by code, 0 for those that are left out. */
export const errorCodes = (counts: Partial<Record<ErrorCode, number>> = {}) =>
  ({ ...Object.fromEntries(ERROR_CODES.map((code) => [code, 0])), ...counts }) as Record<ErrorCode, number>;

/** What a server sends that is well. */
export const HEALTHY: LiveSnapshot = {
  at: 1_000_000,
  uptimeMs: 60_000,
  ready: true,
  notReady: [],
  sessions: 3,
  names: 2,
  totals: {
    commands: 100,
    errors: 0,
    errorCodes: errorCodes(),
    created: 10,
    extended: 50,
    expired: 5,
    cleared: 1,
    ended: 2,
    evicted: 0,
    rotated: 0,
  },
  commandsPerSecond: 10,
  lateMs: 100,
  lateness: { overMs: 300_000, count: 6, p50: 3, p99: 9, max: 12 },
  memory: {
    used: 40_000_000,
    peak: 41_000_000,
    limit: 1_000_000_000,
    policy: 'noeviction',
    rss: 90_000_000,
    data: 1000,
    parts: { startup: 39_000_000, sessions: 900_000, clients: 100_000 },
  },
  connections: { clients: 4, limit: 10_000, subscribers: 0, accepted: 9, rejected: 0, watchers: 1 },
  network: { input: 0, output: 0, inputPerSecond: 0, outputPerSecond: 0 },
  persistence: { on: false },
  webhooks: [],
  slowlog: { fromMs: 10, entries: [] },
  eventLoopDelay: { p50: 1, p99: 2, max: 5 },
  wheel: {
    at: 1_000_000,
    timers: 3,
    hand: 0,
    thisRound: [],
    laterRounds: [],
    minute: [],
    dueIn1s: 0,
    dueIn10s: 0,
    dueIn60s: 0,
  },
};
