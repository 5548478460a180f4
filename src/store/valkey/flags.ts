// The settings of a session that are on or off, as the functions `create` and `info` have them: a sum of these.

export const DELETE_SESSION = 1;
export const EXTEND_GET = 2;
export const EXTEND_SET = 4;
export const SHARED = 8;
