import { randomBytes } from 'node:crypto';
import { CodedError } from '../../errors.js';
import { DEFAULT_PARTITIONS } from './addressing/partitions.js';
import { SETTINGS, STORE_FORMAT } from './library/constants.js';
import { bufferOf, named } from './library/replies.js';
import type { Calls } from './nodes/nodes.js';

/** The settings that a store gets when it is first used. All processes must agree on them. */
export interface StoreSettings {
  readonly partitions: number;
  /** The secret from which the tokens of shared sessions and public ids are derived. */
  readonly secret: Buffer;
}

/**
 * Returns the settings of the store. If it is new, it gets them now.
 * @param wanted How many partitions it must have; undefined for as many as it has.
 * @throws CodedError if the store cannot be used with these settings.
 */
export async function settingsOf(nodes: Calls, wanted: number | undefined): Promise<StoreSettings> {
  const given = await nodes.call(0, 'setup', [wanted ?? DEFAULT_PARTITIONS, randomBytes(32)]);
  const settings = named(SETTINGS, given);
  if (Number(settings.format) !== STORE_FORMAT) {
    throw new CodedError(
      'ERR',
      `the store has format ${settings.format}, and this version of respite needs ${STORE_FORMAT}`,
    );
  }
  const partitions = Number(settings.partitions);
  if (wanted !== undefined && partitions !== wanted) {
    throw new CodedError(
      'ERR',
      `the store has ${partitions} partitions, not ${wanted}, and their number cannot be changed: remove store-partitions`,
    );
  }
  return { partitions, secret: bufferOf(settings.secret) };
}
