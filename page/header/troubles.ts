import type { LiveSnapshot } from '../../src/http/live/live-data.js';
import { refusedIn, type Sample } from '../feed/sample.js';
import { bytes } from '../format/bytes.js';
import { count, counted } from '../format/count.js';
import { duration } from '../format/duration.js';

/** Something that an operator should know. */
export interface Trouble {
  /** `bad`: clients notice it. `warn`: they may soon. */
  readonly level: 'bad' | 'warn';
  /** What it is about, in a word or two. Stays the same while the figures in `text` change. */
  readonly about: string;
  /** What is wrong, in one sentence. */
  readonly text: string;
}

/** From here on, in ms, expiry is so late that clients notice it. */
const VERY_LATE_MS = 1000;
/** How long a stall, an eviction or a refusal is remembered, in ms. */
const REMEMBERED_MS = 30_000;
const LATELY = 'in the last half minute';
/** The share of a limit from which it is near. */
const NEAR = 0.9;

/** Returns what is wrong, the worst first; nothing if all is well. */
export function troublesOf(snapshot: LiveSnapshot, samples: readonly Sample[]): Trouble[] {
  const recent = samples.filter(({ at }) => at > snapshot.at - REMEMBERED_MS);
  const found = [
    ...notReady(snapshot),
    ...persistence(snapshot),
    ...memory(snapshot, recent),
    ...webhooks(snapshot),
    ...authentication(recent),
    ...lateness(snapshot),
    ...stalls(snapshot, recent),
    ...connections(snapshot, recent),
  ];
  return [...found.filter(({ level }) => level === 'bad'), ...found.filter(({ level }) => level === 'warn')];
}

const bad = (about: string, text: string): Trouble => ({ level: 'bad', about, text });
const warn = (about: string, text: string): Trouble => ({ level: 'warn', about, text });

function notReady({ ready, notReady, persistence }: LiveSnapshot): Trouble[] {
  if (ready) return [];
  // These have sentences of their own.
  if (persistence.on && persistence.loading !== undefined) return [];
  if (persistence.on && persistence.error !== '') return [];
  return [bad('not ready', `Not ready: ${notReady.join('; ') || 'no reason given'}.`)];
}

function persistence({ persistence }: LiveSnapshot): Trouble[] {
  if (!persistence.on) return [];
  const { error, loading, compaction } = persistence;
  const found: Trouble[] = [];
  if (loading !== undefined) {
    const percent = Math.floor((100 * loading.loaded) / Math.max(1, loading.total));
    found.push(
      bad('loading', `Loading the journal: ${percent} % of ${bytes(loading.total)}. Commands wait until it is loaded.`),
    );
  }
  if (error !== '') found.push(bad('the disk', `Cannot write to the disk, so changes are refused: ${error}.`));
  if (!compaction.lastSucceeded) found.push(warn('compaction', 'The last compaction of the journal failed.'));
  return found;
}

function memory(snapshot: LiveSnapshot, recent: readonly Sample[]): Trouble[] {
  const { used, limit, policy } = snapshot.memory;
  const figures = limit === 0 ? bytes(used) : `${bytes(used)} of ${bytes(limit)}`;
  const refused = refusedIn(recent, 0).get('OOM') ?? 0;
  if (limit > 0 && used >= limit && !mayEvict(snapshot)) {
    const nothing = policy === 'noeviction' ? '' : ` and maxmemory-policy ${policy} finds nothing to evict`;
    const text = `Memory is full (${figures})${nothing}, so commands that need more are refused with OOM.`;
    return [bad('memory', text)];
  }
  if (refused > 0) {
    const were = refused === 1 ? 'was' : 'were';
    return [
      bad(
        'memory',
        `${counted(refused, 'command')} ${were} refused with OOM ${LATELY}: too little memory (${figures}).`,
      ),
    ];
  }
  if (limit === 0) return [];
  if (recent.some(({ evicted }) => evicted > 0)) {
    return [warn('memory', `Memory is full (${figures}), so sessions are evicted to make room.`)];
  }
  return used >= NEAR * limit ? [warn('memory', `Memory is nearly full (${figures}).`)] : [];
}

/** Returns whether there is a session that `maxmemory-policy` may evict. */
function mayEvict({ memory: { policy }, sessions, wheel }: LiveSnapshot): boolean {
  if (policy === 'noeviction') return false;
  return policy === 'volatile-ttl' ? wheel.timers > 0 : sessions > 0;
}

function webhooks({ webhooks }: LiveSnapshot): Trouble[] {
  return webhooks.flatMap(({ name, state, lastError, waiting }) => {
    if (state === 'ok') return [];
    const why = state === 'failing' ? `fails: ${lastError}` : 'is disabled, because its receiver answered 410';
    return [
      warn(`the webhook ${name}`, `The webhook ${name} ${why}. Not delivered yet: ${counted(waiting, 'event')}.`),
    ];
  });
}

function authentication(recent: readonly Sample[]): Trouble[] {
  const wrong = refusedIn(recent, 0).get('WRONGPASS') ?? 0;
  if (wrong === 0) return [];
  const attempts = counted(wrong, 'attempt');
  return [warn('authentication', `${attempts} to log in failed ${LATELY}: wrong user name or password.`)];
}

function lateness({ lateness: { count: expiries, p99, overMs }, lateMs }: LiveSnapshot): Trouble[] {
  if (expiries === 0 || p99 < lateMs) return [];
  const text = `Sessions expire late: 1 in 100 by ${duration(p99)} or more, over the last ${duration(overMs)}.`;
  return [p99 >= VERY_LATE_MS ? bad('late expiry', text) : warn('late expiry', text)];
}

function stalls({ eventLoopDelay, lateMs }: LiveSnapshot, recent: readonly Sample[]): Trouble[] {
  const longest = recent.reduce((most, { stallMs }) => Math.max(most, stallMs), eventLoopDelay.max);
  if (longest < lateMs) return [];
  return [warn('the event loop', `The event loop stalled for ${duration(longest)}, so all clients had to wait.`)];
}

function connections({ connections: { clients, limit } }: LiveSnapshot, recent: readonly Sample[]): Trouble[] {
  if (recent.some(({ rejected }) => rejected > 0)) return [warn('connections', 'Connections have just been refused.')];
  if (limit === 0 || clients < NEAR * limit) return [];
  return [warn('connections', `${counted(clients, 'client')} connected, of at most ${count(limit)}.`)];
}
