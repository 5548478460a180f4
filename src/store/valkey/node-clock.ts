/** How far the clocks of two machines may drift apart, in ms per ms: ten times what is usual. */
const DRIFT = 0.0005;

/**
 * Converts a node's unix time into this process' monotonic clock, from the node's time in its answers.
 *
 * An answer that was asked for at `sent` and came at `received` contains a time between the two, so each limits how far
 * the clocks can be apart. The limits of all answers together are closer than those of any one; they widen slowly,
 * because clocks drift (K. Marzullo, 1984). An answer that contradicts them comes from a node whose clock was set, or
 * from another node.
 */
export class NodeClock {
  /** The node's time is ahead of ours by at least and at most this many ms, as of `#at`. */
  #least = -Infinity;
  #most = Infinity;
  #at = 0;

  /**
   * Learns from an answer.
   * @param sent When it was asked for, in ms on our clock.
   * @param received When it came.
   * @param time The node's unix time in whole ms, rounded down.
   */
  learn(sent: number, received: number, time: number): void {
    const drift = (received - this.#at) * DRIFT;
    const least = Math.max(this.#least - drift, time - received);
    const most = Math.min(this.#most + drift, time + 1 - sent);
    const contradicts = least > most;
    this.#least = contradicts ? time - received : least;
    this.#most = contradicts ? time + 1 - sent : most;
    this.#at = received;
  }

  /** How far the node's time is ahead of ours, in ms. Only after `learn`. */
  get ahead(): number {
    return (this.#least + this.#most) / 2;
  }
}
