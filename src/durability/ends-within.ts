import type { JournalClock } from '../journal/index.js';

/** Resolves to whether a promise is settled within `ms` ms. A later rejection is ignored. */
export function endsWithin(promise: Promise<unknown>, ms: number, clock: JournalClock): Promise<boolean> {
  return new Promise((resolve) => {
    const cancel = clock.after(ms, () => resolve(false));
    const end = () => {
      cancel();
      resolve(true);
    };
    promise.then(end, end);
  });
}
