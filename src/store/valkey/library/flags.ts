// The settings of a session that are on or off. The functions `create` and `info` use the sum of those that are on.

export const DELETE_SESSION = 1;
export const EXTEND_GET = 2;
export const EXTEND_SET = 4;
export const SHARED = 8;
