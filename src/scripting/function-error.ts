/** A function for Lua has failed. Its caller in Lua gets an error with this message and the place of the call. */
export class FunctionError extends Error {}
