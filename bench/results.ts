import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Figure } from './figures.js';
import type { Machine } from './machine.js';
import { plot } from './plot.js';

/** What a run found, and what must be known to compare it with others. */
export interface Results {
  readonly machine: Machine;
  /** The options of `npm run bench`. */
  readonly command: string;
  /** The version of respite and its commit, with a `+` if files have changed since. */
  readonly respite: string;
  /**
   * The names of the servers: those of respite, with the version of Node.js, and those of the peers, with their
   * versions.
   */
  readonly subjects: readonly string[];
  readonly peers: readonly string[];
  readonly figures: readonly Figure[];
}

const FOLDER = new URL('./results/', import.meta.url);

/** Returns the commit, followed by `+` if files have changed since. */
export function readCommit(): string {
  const { status, stdout } = spawnSync('git', ['describe', '--always', '--dirty=+', '--exclude=*'], {
    encoding: 'utf8',
  });
  return status === 0 ? stdout.trim() : 'unknown commit';
}

/** Writes `NAME.json` and `NAME.svg` to `bench/results/` and returns their paths. */
export function writeResults(name: string, results: Results): string[] {
  mkdirSync(FOLDER, { recursive: true });
  const files = { [`${name}.json`]: formatResults(results), [`${name}.svg`]: plot(results) };
  return Object.entries(files).map(([file, text]) => {
    const path = fileURLToPath(new URL(file, FOLDER));
    writeFileSync(path, text);
    return path;
  });
}

/** Returns the committed results. */
export function readResults(): Results {
  return JSON.parse(readFileSync(new URL('full.json', FOLDER), 'utf8')) as Results;
}

/** JSON with a line for each figure, and no more digits than mean something. */
function formatResults({ figures, ...rest }: Results): string {
  const round = (_: string, value: unknown) => (typeof value === 'number' ? Number(value.toPrecision(4)) : value);
  const lines = figures.map((figure) => `    ${JSON.stringify(figure, round)}`);
  return `${JSON.stringify(rest, null, 2).slice(0, -2)},\n  "figures": [\n${lines.join(',\n')}\n  ]\n}\n`;
}
