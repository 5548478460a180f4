import type { Received } from '../feed/feed.js';

/** Returns how many ms the server's clock has advanced since the wheel was counted. */
export function sinceCounted({ snapshot, receivedAt }: Received, now: number): number {
  return Math.max(0, snapshot.at - snapshot.wheel.at + (now - receivedAt));
}

/** Returns where the hand is now: a fraction of a revolution, from 0 to 1. */
export function handPosition(received: Received, now: number): number {
  const { tickMs, slots } = received.hello.wheel;
  const slot = received.snapshot.wheel.hand + sinceCounted(received, now) / tickMs;
  return (slot / slots) % 1;
}
