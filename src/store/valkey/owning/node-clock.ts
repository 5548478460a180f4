/** How far the clocks of two machines may drift apart, in ms per ms: ten times what is usual. */
const DRIFT = 0.0005;

/**
 * Estimates how far a node's unix time is ahead of this process's monotonic clock, from the times in its answers.
 *
 * If a call was sent at `sent` and its answer arrived at `received`, the answer contains a time between the two. So
 * each answer limits how far apart the clocks can be. All answers together give tighter limits than any one of them.
 * The limits widen slowly, because clocks drift (K. Marzullo, 1984). An answer that contradicts them comes from a node
 * whose clock was set, or from another node.
 */
export class NodeClock {
  /** The node's time is ahead of ours by at least and at most this many ms, as of `#at`. */
  #least = -Infinity;
  #most = Infinity;
  #at = 0;

  /**
   * Learns from an answer.
   * @param sent When the call was sent, in ms on our clock.
   * @param received When the answer arrived.
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
