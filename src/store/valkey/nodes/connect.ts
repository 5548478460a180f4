import { setTimeout as sleep } from 'node:timers/promises';
import { UnusableStoreError } from '../../remote-store.js';
import { loadClientPackage } from './client-package.js';
import { Discovery, UnreachableError } from './discovery.js';
import type { Greeting } from './greeting.js';
import type { Nodes, NodesOptions } from './nodes.js';
import { ValkeyNodes } from './valkey-nodes.js';

/** How long to keep trying the first connection, in ms, unless the options say otherwise. */
const PATIENCE = 10_000;

/** How long to wait between two attempts, in ms. */
const PAUSE = 250;

/**
 * Connects to the nodes of a store. It finds out by asking whether they are a cluster, a single primary or Sentinels.
 * @throws UnusableStoreError (rejects) if the store cannot be used as the options say.
 */
export async function connectNodes(options: NodesOptions): Promise<Nodes> {
  const client = await loadClientPackage();
  const discovery = new Discovery(options);
  let nodes: ValkeyNodes | undefined;
  try {
    const greeting = await begin(discovery, options.patience ?? PATIENCE);
    if (greeting.kind === 'cluster' && options.database > 0) {
      throw new UnusableStoreError('the store is a cluster, which has only database 0');
    }
    nodes = new ValkeyNodes(client, options, discovery, greeting);
    await nodes.begin();
    return nodes;
  } catch (error) {
    await nodes?.close();
    discovery.close();
    throw error;
  }
}

async function begin(discovery: Discovery, patience: number): Promise<Greeting> {
  for (const end = performance.now() + patience; ; ) {
    try {
      return await discovery.begin();
    } catch (error) {
      if (!(error instanceof UnreachableError) || performance.now() >= end) throw error;
    }
    await sleep(PAUSE);
  }
}
