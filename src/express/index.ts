/** A store that keeps the sessions of express-session in a respite server. */
export { type ListedUserSession, RespiteStore, type RespiteStoreOptions, type SessionWithId } from './respite-store.js';
export type { IoredisClient, NodeRedisClient, StoreClient } from './store-client.js';
