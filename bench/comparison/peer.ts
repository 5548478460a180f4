import type { Address } from '../load/client.js';
import { cpuSecondsOf, residentBytesOf } from '../process-usage.js';
import type { Contender } from './contender.js';
import { Control } from './control.js';
import { listenerOf } from './listener.js';

/**
 * A server that somebody else has started. It speaks Redis' commands or, if it knows them, those of sessions. "Started
 * empty" means here that all it holds is removed; what it uses is known if its process runs on this machine.
 * @throws Error if there is none.
 */
export async function findPeer(address: Address): Promise<Contender> {
  const name = `${address.host}:${address.port}`;
  const control = new Control(address);
  await control.count().catch((error: Error) => {
    control.close();
    throw new Error(`the peer ${name} does not answer: ${error.message}`);
  });
  const dialect = (await control.knowsSessions()) ? 'respite' : 'redis';
  control.close();
  const pid = listenerOf(address);
  return {
    name,
    dialect,
    keepsJournal: false,
    async start() {
      const control = new Control(address);
      await control.removeAll();
      return {
        name,
        dialect,
        address,
        control,
        cpuSeconds: () => (pid === undefined ? undefined : cpuSecondsOf(pid)),
        residentBytes: () => (pid === undefined ? undefined : residentBytesOf(pid)),
        async stop() {
          await control.removeAll();
          control.close();
        },
      };
    },
  };
}
