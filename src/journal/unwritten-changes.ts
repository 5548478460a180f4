import { counted } from '../counted.js';

/** The journal was closed, or has to be closed, before everything that was appended had been written. */
export class UnwrittenChanges extends Error {
  /** The number of changes that are lost. */
  readonly lost: number;
  /** The number of changes that the operating system has, but that a power failure may lose. */
  readonly unsynced: number;
  /** The error of the disk. */
  readonly reason: string;

  constructor(lost: number, unsynced: number, reason: string) {
    const parts = [
      ...(lost > 0 ? [`${counted(lost, 'change')} lost`] : []),
      ...(unsynced > 0 ? [`${counted(unsynced, 'change')} lost if the machine fails now`] : []),
    ];
    super(`${parts.join(', ') || 'the journal could not be completed'}: ${reason}`);
    this.name = 'UnwrittenChanges';
    this.lost = lost;
    this.unsynced = unsynced;
    this.reason = reason;
  }
}
