import type { ErrorCode } from '../../src/errors.js';
import type { LiveSnapshot, LiveTotals } from '../../src/http/live/live-data.js';

/** What the page keeps of a snapshot. Rates are per second since the previous snapshot. */
export interface Sample {
  /** Unix ms, by the server's clock. */
  readonly at: number;
  readonly commands: number;
  readonly created: number;
  readonly extended: number;
  readonly expired: number;
  readonly ended: number;
  readonly evicted: number;
  /** Connections refused, per second. */
  readonly rejected: number;
  readonly lateP50: number;
  readonly lateP99: number;
  readonly stallMs: number;
  readonly memory: number;
  readonly rss: number;
  readonly clients: number;
  /** How many commands were refused since the previous snapshot, by code. Codes without any are left out. */
  readonly refused: ReadonlyMap<ErrorCode, number>;
}

/** Makes a sample of two snapshots of the same run of the server. */
export function sampleOf(snapshot: LiveSnapshot, previous: LiveSnapshot): Sample {
  const seconds = Math.max(0.001, (snapshot.at - previous.at) / 1000);
  const perSecond = (now: number, before: number) => Math.max(0, (now - before) / seconds);
  const { totals, lateness, memory } = snapshot;
  const before = previous.totals;
  return {
    at: snapshot.at,
    commands: perSecond(totals.commands, before.commands),
    created: perSecond(totals.created, before.created),
    extended: perSecond(totals.extended, before.extended),
    // A session that loses its data at its deadline has expired too.
    expired: perSecond(totals.expired + totals.cleared, before.expired + before.cleared),
    ended: perSecond(totals.ended, before.ended),
    evicted: perSecond(totals.evicted, before.evicted),
    rejected: perSecond(snapshot.connections.rejected, previous.connections.rejected),
    lateP50: lateness.p50,
    lateP99: lateness.p99,
    stallMs: snapshot.eventLoopDelay.max,
    memory: memory.used,
    rss: memory.rss,
    clients: snapshot.connections.clients,
    refused: refusedSince(totals, before),
  };
}

function refusedSince({ errorCodes }: LiveTotals, before: LiveTotals): Map<ErrorCode, number> {
  const codes = Object.keys(errorCodes) as ErrorCode[];
  return new Map(
    codes.flatMap((code) => {
      const count = errorCodes[code] - before.errorCodes[code];
      return count > 0 ? [[code, count]] : [];
    }),
  );
}

/** Returns how many commands were refused since `from`, in unix ms, by code. */
export function refusedIn(samples: readonly Sample[], from: number): Map<ErrorCode, number> {
  const sums = new Map<ErrorCode, number>();
  for (const { at, refused } of samples) {
    if (at <= from) continue;
    for (const [code, count] of refused) sums.set(code, (sums.get(code) ?? 0) + count);
  }
  return sums;
}
