import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { startNode } from '../child-process.js';
import { LiveReader } from '../http/live/live-reader.js';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

it('respite demo opens a shop whose sessions come and go on the page, until Ctrl+C', async () => {
  const demo = startNode([CLI, 'demo'], { showErrors: true });
  const lines: string[] = [];
  if (demo.stdout === null) throw new Error('the demo has no output');
  for await (const line of createInterface({ input: demo.stdout })) {
    lines.push(line);
    if (line.includes('Ctrl+C')) break;
  }
  const text = lines.join('\n');
  const [, httpUrl] = /page\s+(\S+)/.exec(text) ?? [];
  const reader = await LiveReader.open({ httpUrl });
  expect((await reader.next('snapshot')).connections).toMatchObject({ clients: 3, subscribers: 1, watchers: 1 });

  const seen = new Set<string>();
  while (!(seen.has('new basket') && seen.has('expired basket'))) {
    const { entries } = await reader.next('sessions');
    for (const { event, name } of entries) seen.add(`${event} ${name}`);
  }
  // The only errors on the page are those that it explains.
  const { errors, errorCodes } = (await reader.next('snapshot')).totals;
  expect(errorCodes.NOSESSION).toBe(errors);
  expect(text).toContain('The page counts them as NOSESSION.');
  // What it suggests instead of redis-cli works: a number of sessions.
  const command = /^ +(node -e .*)$/m.exec(text)?.[1] ?? '';
  expect(execFileSync('sh', ['-c', command], { encoding: 'utf8' })).toMatch(/^:\d+\r\n$/);

  let rest = '';
  demo.stdout.on('data', (chunk) => {
    rest += chunk;
  });
  demo.kill('SIGINT');
  const [code] = await once(demo, 'close');
  expect(code).toBe(0);
  expect(rest).toMatch(/The shop is closed\. It had \d+ sessions; \d+ expired, 99 % of them at most \d+ ms late\.\n$/);
  await reader.ended();
});
