/**
 * The result of an operation: at once, or later from a store that has to ask elsewhere. What comes at once may be a
 * view of the store's memory, valid until the next operation. What comes later is a copy.
 */
export type Answer<T> = T | Promise<T>;
