import { endpoint } from '../endpoint.js';
import type { EventLog } from '../log/log-events.js';
import { type OpenStore, type StoreOptions, UnusableStoreError } from '../store/remote-store.js';

/** Returns what connects to the store that the options name. Its code and its package are loaded only then. */
export function openStore(options: StoreOptions, log: EventLog): OpenStore {
  return async () => {
    const addresses = options.addresses.map(({ host, port }) => endpoint(host, port)).join(', ');
    log.notice(`connecting to the store at ${addresses}`, { event: 'store' });
    throw new UnusableStoreError('this version cannot connect to a store yet');
  };
}
