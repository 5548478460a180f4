import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Environment } from './environment.js';
import type { Findings } from './findings.js';
import type { Verdict } from './goals.js';
import type { Plan } from './plan.js';
import { plot } from './plot.js';

/** Everything about a run. It contains every round, so other statistics can be computed later. */
export interface Results {
  readonly environment: Environment;
  readonly plan: Plan;
  readonly findings: Findings;
  readonly verdicts: readonly Verdict[];
}

const FOLDER = new URL('../results/', import.meta.url);

/** Writes `NAME.json` and `NAME.svg` to `bench/results/` and returns their paths. */
export function writeResults(name: string, results: Results): string[] {
  mkdirSync(FOLDER, { recursive: true });
  const files = {
    [`${name}.json`]: `${JSON.stringify(results, replaceMap, 2)}\n`,
    [`${name}.svg`]: plot(results),
  };
  return Object.entries(files).map(([file, text]) => {
    const path = fileURLToPath(new URL(file, FOLDER));
    writeFileSync(path, text);
    return path;
  });
}

function replaceMap(_: string, value: unknown): unknown {
  return value instanceof Map ? Object.fromEntries(value) : value;
}
