import { endpoint } from '../endpoint.js';
import type { EventLog } from '../log/log-events.js';
import type { OpenStore, StoreOptions } from '../store/remote-store.js';

/** Returns what connects to the store that the options name. Its code and its package are loaded only then. */
export function openStore(options: StoreOptions, log: EventLog): OpenStore {
  return async (host) => {
    const addresses = options.addresses.map(({ host: name, port }) => endpoint(name, port)).join(', ');
    log.notice(`connecting to the store at ${addresses}`, { event: 'store' });
    const { valkeyStore } = await import('../store/valkey/open-valkey-store.js');
    return valkeyStore(options)(host);
  };
}
