import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits until a condition holds of something that can only be asked, again and again. The deadline of the test guards
 * against waiting for ever.
 * @param condition While it throws, it does not hold.
 */
export async function eventually(condition: () => unknown): Promise<void> {
  for (;;) {
    const holds = await Promise.resolve()
      .then(condition)
      .catch(() => false);
    if (holds) return;
    await sleep(20);
  }
}
