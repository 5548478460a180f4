import type { JournalClock } from '../journal/index.js';

/** Whether a promise is settled within so many ms. It goes on if it is not, and what it may reject with then is ignored. */
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
