import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type Contender, respite } from './contender.js';
import { now } from './load/clock.js';
import { LoadGenerator } from './load/generator.js';
import { describeMachine } from './machine.js';
import { fillUntilDue, SESSION } from './parts/lateness.js';
import { Server } from './server.js';
import { formatTable } from './table.js';

/**
 * Measures what the stream of events costs: how late sessions expire with and without it, the CPU for each expiry, and
 * the memory of an entry. Sessions are due evenly over the given time; a subscriber receives all events.
 *
 * Usage: `npm run bench:events -- [sessions] [seconds]`; a million over a minute by default.
 */

const [, , sessions = '1000000', seconds = '60'] = process.argv;
const SESSIONS = Number(sessions);
const SPAN = Number(seconds) * 1000;
const STREAM = ['--events-stream', 'yes', '--events-filter', 'expired', '--events-max-bytes', '4gb'];

const directory = mkdtempSync(join(tmpdir(), 'respite-events-'));
const journal = (name: string): Contender => ({ ...respite(), journal: join(directory, name) });
const SETUPS: readonly (readonly [title: string, contender: Contender, options: readonly string[]])[] = [
  ['no stream', respite(), []],
  ['stream', respite(), STREAM],
  ['journal', journal('a'), []],
  ['journal and stream', journal('b'), STREAM],
];

try {
  console.log(describeMachine());
  const rows: string[][] = [];
  for (const [title, contender, options] of SETUPS) rows.push([title, ...(await measure(contender, options))]);
  const header = ['', 'p50 late (ms)', 'p99 late (ms)', 'CPU per expiry (µs)', 'bytes per entry'];
  console.log(`\n${SESSIONS} sessions due over ${SPAN / 1000} s\n\n${formatTable(header, rows)}`);
} finally {
  rmSync(directory, { recursive: true });
}

async function measure(contender: Contender, options: readonly string[]): Promise<string[]> {
  const server = await Server.start(contender, { options });
  const generator = await LoadGenerator.start();
  const subscriber = await LoadGenerator.start();
  try {
    const events = await subscriber.prepare(server, { kind: 'events', sessions: SESSIONS });
    const due = await fillUntilDue(generator, server, SESSIONS, SPAN);
    await setTimeout(due.begin - now() - 500);
    const before = server.cpuSeconds();
    const { lateness } = await events.begin({ ...SESSION, due });
    const cpu = server.cpuSeconds() - before;
    const info = await server.client.info('events');
    const read = (field: string) => Number(new RegExp(`^${field}:(\\d+)`, 'm').exec(info)?.[1] ?? 0);
    const entries = read('events_length');
    const bytes = entries === 0 ? '' : String(Math.round(read('events_memory') / entries));
    return [lateness.p50.toFixed(1), lateness.p99.toFixed(1), ((cpu / SESSIONS) * 1e6).toFixed(2), bytes];
  } finally {
    generator.stop();
    subscriber.stop();
    await server.stop();
  }
}
