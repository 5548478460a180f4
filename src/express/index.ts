/**
 * A store for express-session whose sessions are respite's.
 */
export { RespiteStore, type RespiteStoreOptions, type SessionWithId } from './respite-store.js';
export type { IoredisClient, NodeRedisClient, StoreClient } from './store-client.js';
