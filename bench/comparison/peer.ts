import type { Address } from '../load/client.js';
import { cpuSecondsOf, residentBytesOf } from '../process-usage.js';
import type { Contender } from './contender.js';
import { Control } from './control.js';
import { listenerOf } from './listener.js';

/**
 * Returns a contender for a running server, which gets session commands if it knows them and Redis commands otherwise.
 * "Starting" it means removing all its data. Its CPU and memory are known if its process runs on this machine.
 * @throws Error if the server does not answer.
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
