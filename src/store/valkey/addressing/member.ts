import { Slice } from '../../../slice.js';
import { CREATED_LENGTH, ID_LENGTH, ORIGIN_LENGTH } from '../library/constants.js';

// The members of the store's sorted sets. `functions/README.md` explains the words.

/** Stands for the origin where only the time counts. */
const ANY_ORIGIN = 'A'.repeat(ORIGIN_LENGTH);

/**
 * @param origin The token with which the session was created.
 * @param created When it was created: 16 digits.
 */
export function memberOf(origin: string, created: Buffer, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(origin, 'latin1'), created, name]);
}

export function idIn(member: Buffer): Buffer {
  return member.subarray(0, ID_LENGTH);
}

export function originIn(idOrMember: Buffer): Slice {
  return new Slice(idOrMember, 0, ORIGIN_LENGTH);
}

/** Returns when a session was created, in unix µs: 16 digits. */
export function createdIn(idOrMember: Buffer): string {
  return idOrMember.toString('latin1', ORIGIN_LENGTH, ID_LENGTH);
}

export function nameInMember(member: Buffer): Buffer {
  return member.subarray(ID_LENGTH);
}

/** Returns an id for the function `page`, which then starts with the sessions that were created later than this. */
export function idCreatedAt(created: string): string {
  return ANY_ORIGIN + created.padStart(CREATED_LENGTH, '0');
}
