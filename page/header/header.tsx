import type { Feed } from '../feed/feed.js';
import { bytes } from '../format/bytes.js';
import { count, rate } from '../format/count.js';
import { duration } from '../format/duration.js';
import { timeOfDay } from '../format/time.js';
import type { Theme } from '../theme.js';
import './header.css';
import { type Trouble, troublesOf } from './troubles.js';

/** Shows at a glance whether the server is well. */
export function Header(props: { feed: Feed; here: string; theme: Theme; onTheme: (theme: Theme) => void }) {
  const { feed, here, theme, onTheme } = props;
  return (
    <header class="header">
      <div class="header-bar">
        <a class="brand" href="#/" aria-label="respite: overview">
          <Mark />
          <span>respite</span>
        </a>
        <nav aria-label="Pages">
          <NavLink href="#/" here={here === 'overview'}>
            Overview
          </NavLink>
          <NavLink href="#/sessions" here={here === 'sessions'}>
            Sessions
          </NavLink>
        </nav>
        {feed.latest && <span class="version muted">v{feed.latest.hello.version}</span>}
        <ThemeToggle theme={theme} onTheme={onTheme} />
      </div>
      <div class="health">
        <Verdict feed={feed} />
        <Vitals feed={feed} />
      </div>
    </header>
  );
}

function NavLink({ href, here, children }: { href: string; here: boolean; children: string }) {
  return (
    <a href={href} aria-current={here ? 'page' : undefined}>
      {children}
    </a>
  );
}

function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
      <circle cx="16" cy="16" r="12" />
      <path d="M16 8v8l5 4" />
    </svg>
  );
}

function ThemeToggle({ theme, onTheme }: { theme: Theme; onTheme: (theme: Theme) => void }) {
  const other = theme === 'dark' ? 'light' : 'dark';
  return (
    <button class="theme quiet" type="button" onClick={() => onTheme(other)} aria-label={`Switch to ${other} colours`}>
      <svg viewBox="0 0 24 24" aria-hidden="true">
        <circle cx="12" cy="12" r="8" />
        <path d="M12 4a8 8 0 0 1 0 16z" />
      </svg>
    </button>
  );
}

/** One sentence if all is well, otherwise one for each thing that is wrong. */
function Verdict({ feed }: { feed: Feed }) {
  const { latest, connected, samples } = feed;
  const troubles: Trouble[] = latest === undefined ? [] : troublesOf(latest.snapshot, samples);
  if (!connected && latest !== undefined) {
    const since = timeOfDay(latest.snapshot.at);
    const text = `Connection lost. Reconnecting … The figures are from ${since}.`;
    troubles.unshift({ level: 'bad', about: 'connection lost', text });
  }
  const level = troubles[0]?.level ?? (latest === undefined ? 'wait' : 'good');
  const sentence = latest === undefined ? 'Connecting …' : 'All is well.';
  const spoken = troubles.length === 0 ? sentence : `Trouble: ${troubles.map(({ about }) => about).join(', ')}`;
  return (
    <div class={`verdict ${level}`}>
      {troubles.length === 0 && <p>{sentence}</p>}
      {troubles.map(({ level, about, text }) => (
        <p key={about} class={level}>
          {text}
        </p>
      ))}
      {/* A screen reader announces a change. The sentences change with every figure in them, so they would be a nuisance. */}
      <span class="spoken" role="status">
        {spoken}
      </span>
    </div>
  );
}

function Vitals({ feed }: { feed: Feed }) {
  if (feed.latest === undefined) return null;
  const { snapshot } = feed.latest;
  const { lateness, memory, connections } = snapshot;
  const share = memory.limit === 0 ? undefined : Math.min(1, memory.used / memory.limit);
  return (
    <dl class="vitals">
      <Vital label="sessions" value={count(snapshot.sessions)} />
      <Vital label="commands/s" value={rate(snapshot.commandsPerSecond)} />
      <Vital label="99 % expire within" value={lateness.count === 0 ? '–' : duration(lateness.p99)} />
      <div>
        <dt>{memory.limit === 0 ? 'memory' : `memory of ${bytes(memory.limit)}`}</dt>
        <dd>
          {bytes(memory.used)}
          {share !== undefined && <progress value={share} aria-label="Share of maxmemory" />}
        </dd>
      </div>
      <Vital label="clients" value={count(connections.clients)} />
      <Vital label="up for" value={duration(snapshot.uptimeMs)} />
    </dl>
  );
}

function Vital({ label, value }: { label: string; value: string }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{value}</dd>
    </div>
  );
}
