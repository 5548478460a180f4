import type { Line } from '../charts/chart.js';
import { GraphCard } from '../charts/graph-card.js';
import { EventFeed } from '../events/event-feed.js';
import type { Feed } from '../feed/feed.js';
import { refusedIn, type Sample } from '../feed/sample.js';
import { bytes } from '../format/bytes.js';
import { count, rate, shortCount } from '../format/count.js';
import { duration } from '../format/duration.js';
import { RefusedCommands } from '../refusals/refused-commands.js';
import { NextMinute, Wheel } from '../wheel/wheel.js';
import { Facts } from './facts.js';
import './overview.css';
import { Persistence } from './persistence.js';
import { SlowLog } from './slow-log.js';
import { Store } from './store.js';
import { Webhooks } from './webhooks.js';

const MINUTE = 60_000;
/** A rate is the mean of this many samples, because the figures of single seconds jump too much to be read. */
const SMOOTHED = 3;

const main = (of: Line['of']): Line => ({ of, main: true });
const beside = (of: Line['of']): Line => ({ of, main: false });

const RATES = [
  { title: 'Created', of: ({ created }: Sample) => created },
  { title: 'Extended', of: ({ extended }: Sample) => extended },
  { title: 'Expired', of: ({ expired }: Sample) => expired },
  { title: 'Ended', of: ({ ended }: Sample) => ended },
].map(({ title, of }) => ({ title, of, lines: [main(of)] }));

const LATENESS = [main(({ lateP99 }) => lateP99), beside(({ lateP50 }) => lateP50)];
const MEMORY = [main(({ memory }) => memory), beside(({ rss }) => rss)];
const CLIENTS = [main(({ clients }) => clients)];
const COMMANDS = [main(({ commands }) => commands)];

/** Everything at once: the wheel, what happens to sessions, and how the server is. */
export function Overview({ feed, theme }: { feed: Feed; theme: string }) {
  const { latest, samples } = feed;
  if (latest === undefined) return null;
  const { lateness, memory, connections, network, totals, persistence, slowlog, store, webhooks, ...now } =
    latest.snapshot;
  const refused = refusedIn(samples, now.at - MINUTE);
  const expiredPerSecond = feed.connected ? (samples.at(-1)?.expired ?? 0) : 0;
  return (
    <div class="overview">
      <h1 class="spoken">Overview</h1>
      {store === undefined ? <Wheel received={latest} expiredPerSecond={expiredPerSecond} /> : <Store store={store} />}
      <div class="beside-wheel">
        {store === undefined && <NextMinute received={latest} />}
        <div class="rates">
          {RATES.map(({ title, of, lines }) => (
            <GraphCard
              key={title}
              title={title}
              unit={`per second, peak ${rate(peak(samples, of))}`}
              bare
              lines={lines}
              value={mean(samples, of)}
              format={rate}
              least={1}
              samples={samples}
              theme={theme}
            />
          ))}
        </div>
      </div>
      <div class="states">
        <GraphCard
          title="Lateness"
          unit="of expiry, p99"
          lines={LATENESS}
          value={lateness.count === 0 ? undefined : lateness.p99}
          format={duration}
          least={20}
          samples={samples}
          theme={theme}
        >
          <Facts
            facts={{
              'p50 (dashed)': lateness.count === 0 ? '–' : duration(lateness.p50),
              maximum: lateness.count === 0 ? '–' : duration(lateness.max),
              [`expired in ${duration(lateness.overMs)}`]: count(lateness.count),
            }}
          />
        </GraphCard>
        <GraphCard
          title="Memory"
          unit={memory.limit === 0 ? 'no limit' : `of ${bytes(memory.limit)}, ${memory.policy}`}
          lines={MEMORY}
          value={memory.used}
          format={bytes}
          least={2 ** 20}
          binary
          samples={samples}
          theme={theme}
        >
          <Facts
            facts={{
              sessions: bytes(memory.parts.sessions),
              connections: bytes(memory.parts.clients),
              'the process (dashed)': bytes(memory.rss),
            }}
          />
        </GraphCard>
        <GraphCard
          title="Clients"
          unit={`of at most ${count(connections.limit)}`}
          lines={CLIENTS}
          value={connections.clients}
          format={shortCount}
          least={4}
          samples={samples}
          theme={theme}
        >
          <Facts
            facts={{
              subscribers: count(connections.subscribers),
              'connections refused': count(connections.rejected),
              'watching this page': count(connections.watchers),
            }}
          />
        </GraphCard>
        <GraphCard
          title="Commands"
          unit="per second"
          lines={COMMANDS}
          value={now.commandsPerSecond}
          format={rate}
          least={4}
          samples={samples}
          theme={theme}
        >
          <Facts
            facts={{
              'refused, last minute': count([...refused.values()].reduce((sum, value) => sum + value, 0)),
              'received, sent': `${bytes(network.inputPerSecond)}/s, ${bytes(network.outputPerSecond)}/s`,
              'event loop, p99': duration(now.eventLoopDelay.p99),
            }}
          />
        </GraphCard>
      </div>
      <EventFeed feed={feed} />
      <div class="beside-events">
        <RefusedCommands totals={totals} lastMinute={refused} />
        {store === undefined && <Persistence persistence={persistence} at={now.at} />}
        {webhooks.length > 0 && <Webhooks webhooks={webhooks} />}
        <SlowLog slowlog={slowlog} />
      </div>
    </div>
  );
}

function peak(samples: readonly Sample[], of: Line['of']): number {
  return samples.reduce((most, sample) => Math.max(most, of(sample)), 0);
}

function mean(samples: readonly Sample[], of: Line['of']): number | undefined {
  const last = samples.slice(-SMOOTHED);
  return last.length === 0 ? undefined : last.reduce((sum, sample) => sum + of(sample), 0) / last.length;
}
