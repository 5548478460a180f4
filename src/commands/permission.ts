import type { CommandFlag } from './command.js';

/** What a user may be allowed to do, as bits. Which one a command needs follows from its flags. */
export const PERMISSIONS = { read: 1, write: 2, events: 4, admin: 8 } as const;

export type Permission = keyof typeof PERMISSIONS;

/** All of them. */
export const EVERYTHING = 15;

/** Who a client is. */
export interface User {
  readonly name: string;
  /** Bits of `PERMISSIONS`. */
  readonly permissions: number;
}

/** The permission that a command with these flags needs, 0 if anybody may call it who has authenticated. */
export function permissionFor(flags: readonly CommandFlag[]): number {
  if (flags.includes('admin')) return PERMISSIONS.admin;
  if (flags.includes('pubsub')) return PERMISSIONS.events;
  if (flags.includes('write')) return PERMISSIONS.write;
  return flags.includes('readonly') ? PERMISSIONS.read : 0;
}
