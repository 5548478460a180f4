/** What a user may be allowed to do, as bits. Which one a command needs follows from its flags. */
export const PERMISSIONS = { read: 1, write: 2, events: 4, admin: 8 } as const;

export type Permission = keyof typeof PERMISSIONS;

/** All of them. */
export const EVERYTHING = 15;
