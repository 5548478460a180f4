/** A secondary storage for better-auth that keeps its sessions in a respite server. */
export {
  type Device,
  type RespiteStorage,
  type RespiteStorageOptions,
  respiteStorage,
  type StorageClient,
} from './respite-storage.js';
