/** The journal was closed, or has to be, without everything that was appended. */
export class UnwrittenChanges extends Error {
  /** Changes that the next start will not have. */
  readonly lost: number;
  /** Changes that the system has taken, and a power failure may take. */
  readonly unsynced: number;
  /** What the disk said. */
  readonly reason: string;

  constructor(lost: number, unsynced: number, reason: string) {
    const parts = [
      ...(lost > 0 ? [`${lost} changes are lost`] : []),
      ...(unsynced > 0 ? [`${unsynced} changes are lost if the machine fails now`] : []),
    ];
    super(`${parts.join(', ') || 'the journal could not be completed'}: ${reason}`);
    this.name = 'UnwrittenChanges';
    this.lost = lost;
    this.unsynced = unsynced;
    this.reason = reason;
  }
}
