/** A store that keeps the sessions of koa-session in a respite server. */
export {
  type KoaSession,
  type KoaStore,
  type KoaStoreOptions,
  koaStore,
  type StoreClient,
} from './koa-store.js';
