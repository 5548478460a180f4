import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { INCIDENT_KINDS } from '../../src/log/incident-kinds.js';
import { LOG_EVENTS } from '../../src/log/log-events.js';

const source = (readdirSync('src', { recursive: true }) as string[])
  .filter((name) => name.endsWith('.ts') && !/log\/(?:log-events|incident-kinds)\.ts$/.test(name))
  .map((name) => readFileSync(join('src', name), 'utf8'))
  .join('\n');

it.each([...Object.keys(LOG_EVENTS), ...Object.keys(INCIDENT_KINDS)])('some line has the event %s', (event) => {
  expect(source.includes(`'${event}'`)).toBe(true);
});

it('no event is also an incident', () => {
  expect(Object.keys(LOG_EVENTS).filter((event) => event in INCIDENT_KINDS)).toEqual([]);
});
