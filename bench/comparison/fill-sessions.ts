import type { LoadGenerator } from '../load/generator.js';
import type { Shape } from '../sessions/shape.js';
import type { RunningServer } from './contender.js';

/** Makes sessions with the numbers from `first` on. */
export async function fillSessions(
  generator: LoadGenerator,
  { address, dialect }: RunningServer,
  shape: Shape,
  { first, count }: { readonly first: number; readonly count: number },
): Promise<void> {
  const work = { dialect, verb: 'create', shape, first, count } as const;
  await generator.run<'fill'>({ kind: 'fill', address, work });
}
