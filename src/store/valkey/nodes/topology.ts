import { UnusableStoreError } from '../../remote-store.js';
import type { Connection, NodeAddress } from './connection.js';
import { SLOTS } from './hash-slot.js';
import type { Reply } from './nodes.js';

/** Which primaries there are. */
export interface Topology {
  readonly primaries: readonly SlotRange[];
  /** Other nodes to ask next time: the nodes of the cluster, or the Sentinels. */
  readonly advisors: readonly NodeAddress[];
}

export interface SlotRange extends NodeAddress {
  readonly from: number;
  /** The last slot. */
  readonly to: number;
}

/** Returns the topology of a single primary, which has all slots. */
export function singlePrimary(address: NodeAddress): Topology {
  return { primaries: [{ host: address.host, port: address.port, from: 0, to: SLOTS - 1 }], advisors: [] };
}

/**
 * Asks a node of a cluster.
 * @param host The host at which it was reached. Nodes that do not know their own host leave it out.
 * @param preferNames Whether to use the names of nodes that have one: certificates contain names rather than addresses.
 */
export async function askCluster(connection: Connection, host: string, preferNames: boolean): Promise<Topology> {
  const ranges = (await connection.ask('CLUSTER', 'SLOTS')) as readonly (readonly [number, number, ...Reply[][]])[];
  const address = ([ip, port, , details]: Reply[]): NodeAddress => {
    const name = preferNames ? hostName(details) : undefined;
    const given = ip === null ? '' : String(ip);
    return { host: name ?? (given === '' || given === '?' ? host : given), port: Number(port) };
  };
  const nodes = ranges.map(([from, to, ...members]) => ({ from, to, members: members.map(address) }));
  return {
    primaries: nodes.flatMap(({ from, to, members: [primary] }) => (primary ? [{ ...primary, from, to }] : [])),
    advisors: nodes.flatMap(({ members }) => members),
  };
}

/** @param details Alternating names and values, since Redis 7. */
function hostName(details: Reply | undefined): string | undefined {
  if (!Array.isArray(details)) return undefined;
  const texts = details.map(String);
  const at = texts.findIndex((text, i) => i % 2 === 0 && text === 'hostname');
  return at < 0 ? undefined : texts[at + 1] || undefined;
}

/** Asks a Sentinel which primary it watches. @throws UnusableStoreError (rejects) if it does not know it. */
export async function askSentinel(connection: Connection, name: string | undefined): Promise<Topology> {
  const known = name ?? (await onlyName(connection));
  const primary = await connection.ask('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', known);
  if (primary === null) throw new UnusableStoreError(`the Sentinels know no primary with the name ${known}`);
  const sentinels = await connection.ask('SENTINEL', 'SENTINELS', known);
  const [host, port] = primary as readonly Reply[];
  return {
    ...singlePrimary({ host: String(host), port: Number(port) }),
    advisors: (sentinels as Reply[]).map(sentinel),
  };
}

async function onlyName(connection: Connection): Promise<string> {
  const names = ((await connection.ask('SENTINEL', 'MASTERS')) as Reply[]).map((one) => fieldOf(one, 'name'));
  const [name] = names;
  if (name !== undefined && names.length === 1) return name;
  throw new UnusableStoreError(
    names.length === 0
      ? 'the Sentinels watch no primary'
      : `the Sentinels watch several primaries (${names.join(', ')}): set store-sentinel-name to one of them`,
  );
}

function sentinel(fields: Reply): NodeAddress {
  return { host: fieldOf(fields, 'ip'), port: Number(fieldOf(fields, 'port')) };
}

function fieldOf(fields: Reply, name: string): string {
  const texts = (fields as readonly Reply[]).map(String);
  return texts[texts.indexOf(name) + 1] ?? '';
}
