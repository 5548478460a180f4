import { readFileSync } from 'node:fs';
import { afterEach, expect, it } from 'vitest';
import { INCIDENT_KINDS } from '../../src/log/incident-kinds.js';
import { LOG_EVENTS } from '../../src/log/log-events.js';
import type { StoreHost } from '../../src/store/remote-store.js';
import { connectTo, startServer, stopServers } from '../embedded-server.js';
import { FakeRemoteStore } from '../store/fake-remote-store.js';

afterEach(stopServers);

const [, section] = readFileSync('docs/operations.md', 'utf8').split('## Incidents\n');
const rows = section
  .split('\n')
  .filter((line) => /^\| \S/.test(line))
  .slice(1)
  .map((line) => line.slice(2, -2).split(' | '));
const names = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name);

it('the incidents of docs/operations.md have the names of log lines, metrics and fields of INFO', async () => {
  expect(rows.length).toBeGreaterThan(8);
  const log = readFileSync('docs/logging.md', 'utf8');
  const metrics = readFileSync('docs/metrics.md', 'utf8');
  const open = async (host: StoreHost) => new FakeRemoteStore(host);
  const clients = [await connectTo(await startServer()), await connectTo(await startServer({}, { store: open }))];
  const info = (await Promise.all(clients.map((client) => client.bulk('INFO', 'everything')))).join('');
  // Shown only when they are not 0, or if there is a stream of events.
  const unseen = /^(?:errorstat_|shutdown_in_milliseconds$|events_)/;
  for (const [what, events, metric, fields] of rows) {
    for (const name of names(events)) expect(log, what).toContain(`\`${name}\``);
    for (const name of names(metric).filter((text) => text.startsWith('respite_'))) {
      expect(metrics, what).toContain(`\n| \`${name}\` |`);
    }
    for (const name of names(fields).filter((text) => !unseen.test(text) && !/^[A-Z]/.test(text))) {
      expect(info, what).toContain(`\n${name}:`);
    }
  }
});

it('docs/operations.md lists all incidents', () => {
  const listed = rows.flatMap(([, events]) => names(events));
  // These begin and end, as incidents do.
  const states = Object.entries(LOG_EVENTS).filter(([, { says }]) => says.includes('`over`'));
  expect(listed).toEqual(expect.arrayContaining([...Object.keys(INCIDENT_KINDS), ...states.map(([event]) => event)]));
  expect(states).toHaveLength(2);
});
