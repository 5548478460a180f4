import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { startNode } from '../child-process.js';

const MODULE = new URL('../../src/cli/young-generation.ts', import.meta.url).href;

/** Keeps V8 busy with objects that survive, and prints the size of the young generation in MB. */
const script = (limit: boolean) => `
  const { limitYoungGeneration, youngGeneration } = await import('${MODULE}');
  const churn = (bytes) => {
    let kept = [];
    for (let round = 0; round < 20_000 && youngGeneration() < bytes; round++) {
      for (let i = 0; i < 1000; i++) kept.push({ i });
      if (kept.length > 30_000) kept = [];
    }
  };
  churn(8 * 2 ** 20);
  if (${limit}) limitYoungGeneration();
  churn(Infinity);
  console.log(youngGeneration() / 2 ** 20);
  process.exit();
`;

async function sizeWith(limit: boolean): Promise<number> {
  const child = startNode(['--import', 'tsx', '--input-type=module', '--eval', script(limit)], { showErrors: true });
  const [output] = await Promise.all([text(child.stdout as NodeJS.ReadableStream), once(child, 'exit')]);
  return Number(output);
}

it('keeps the young generation from growing, as V8 would let it', async () => {
  const [limited, unlimited] = [await sizeWith(true), await sizeWith(false)];
  expect(limited).toBeGreaterThanOrEqual(8);
  expect(limited).toBeLessThanOrEqual(16);
  expect(unlimited).toBeGreaterThan(limited);
});
