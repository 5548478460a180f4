import { counted } from '../counted.js';
import type { StoreStatus } from '../store/remote-store.js';

/** Describes a store for the log: `a cluster of Valkey 9.1.2 with 3 primaries, in 256 partitions`. */
export function storeText({ kind, version, nodes, partitions }: StoreStatus): string {
  const where = {
    cluster: `a cluster of ${version} with ${nodes.length === 1 ? 'one primary' : `${nodes.length} primaries`}`,
    single: `${version} at ${nodes.join(' ')}`,
    sentinel: `${version} at ${nodes.join(' ')}, which Sentinels watch`,
  };
  return `${where[kind]}, in ${counted(partitions, 'partition')}`;
}
