/** What a user may be allowed to do, as bits. A command's flags say which one it needs. */
export const PERMISSIONS = { read: 1, write: 2, events: 4, admin: 8, monitor: 16 } as const;

export type Permission = keyof typeof PERMISSIONS;

/** All permissions. */
export const EVERYTHING = 31;
