import { runToEnd } from './processes.js';

/** One run of redis-benchmark: one command, again and again. */
export interface Run {
  readonly port: number;
  readonly command: readonly string[];
  /** Requests that each client sends at once, before it waits for their replies. */
  readonly depth: number;
  readonly requests: number;
}

const CLIENTS = 20;

/** Returns requests per second. @throws Error if the server replied with an error: redis-benchmark ends then. */
export async function requestsPerSecond({ port, command, depth, requests }: Run): Promise<number> {
  const settings = { '-p': port, '-n': requests, '-c': CLIENTS, '-P': depth };
  const args = Object.entries(settings).flatMap(([flag, value]) => [flag, String(value)]);
  return readCsv(await runToEnd('redis-benchmark', [...args, '--csv', ...command]));
}

/** The last line is `"the command","requests per second"` and, since 6.2, latencies; a header comes before it. */
function readCsv(output: string): number {
  const line = output.trimEnd().split('\n').at(-1) ?? '';
  const figure = Number(line.split('","')[1]?.replace('"', ''));
  if (figure > 0) return figure;
  throw new Error(`cannot read what redis-benchmark wrote: ${output}`);
}
