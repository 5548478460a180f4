import type { LoadGenerator } from '../load/generator.js';
import type { Verb } from '../sessions/dialect.js';
import type { Shape } from '../sessions/shape.js';
import type { RunningServer } from './contender.js';

/** Creates sessions that are numbered from `first` on. */
export async function fillSessions(
  generator: LoadGenerator,
  { address, dialect }: RunningServer,
  shape: Shape,
  {
    first,
    count,
    verb = 'create',
  }: { readonly first: number; readonly count: number; readonly verb?: Verb | undefined },
): Promise<void> {
  const work = { dialect, verb, shape, first, count } as const;
  await generator.run<'fill'>({ kind: 'fill', address, work });
}
