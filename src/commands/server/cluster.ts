import { CodedError } from '../../errors.js';
import type { Argument, Command } from '../declaration/command.js';
import { container } from '../declaration/container.js';

// CLUSTER, and what clients of a cluster send on connecting. respite answers as Redis does outside of a cluster.

const NO_CLUSTER = new CodedError('ERR', 'This instance has cluster support disabled');

const word = (name: string): Argument => ({ name, type: 'string' });
const integer = (name: string): Argument => ({ name, type: 'integer' });

function refused(name: string, summary: string, args: readonly Argument[], words = 1): Command {
  return {
    name,
    summary: `${summary}. An error, because there is no cluster.`,
    complexity: 'O(1)',
    group: 'server',
    flags: ['loading', 'stale'],
    arity: words + args.length,
    arguments: args,
    reply: 'an error',
    run() {
      throw NO_CLUSTER;
    },
  };
}

const SUBCOMMANDS: readonly (readonly [name: string, summary: string, ...args: Argument[]])[] = [
  ['count-failure-reports', 'Counts the failure reports about a node', word('node-id')],
  ['countkeysinslot', 'Counts the keys in a slot', integer('slot')],
  ['getkeysinslot', 'Returns keys in a slot', integer('slot'), integer('count')],
  ['info', 'Returns the state of the cluster'],
  ['keyslot', 'Returns the slot of a key', word('key')],
  ['links', 'Returns the links between nodes'],
  ['myid', 'Returns the id of this node'],
  ['myshardid', 'Returns the id of the shard of this node'],
  ['nodes', 'Returns the nodes of the cluster'],
  ['replicas', 'Returns the replicas of a node', word('node-id')],
  ['shards', 'Returns the shards of the cluster'],
  ['slots', 'Returns which node has which slots'],
];

export const cluster = container('cluster', 'server', 'A container for commands about clusters.', [
  ...SUBCOMMANDS.map(([name, summary, ...args]) => refused(name, summary, args, 2)),
]);

export const asking = refused('asking', 'Lets the next command use a slot that is being moved', []);
export const readonly = refused('readonly', 'Lets this connection read from a replica', []);
export const readwrite = refused('readwrite', 'Ends READONLY', []);
