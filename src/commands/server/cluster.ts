import { CodedError } from '../../errors.js';
import type { Argument, Command } from '../declaration/command.js';
import { container } from '../declaration/container.js';

// CLUSTER, and what clients of a cluster send on connecting. respite answers as Redis does outside of a cluster.

const NO_CLUSTER = new CodedError('ERR', 'This instance has cluster support disabled');

const word = (name: string): Argument => ({ name, type: 'string' });
const integer = (name: string): Argument => ({ name, type: 'integer' });

function refused(name: string, summary: string, args: readonly Argument[] = [], arity = 1): Command {
  return {
    name,
    summary: `${summary}. An error, because there is no cluster.`,
    complexity: 'O(1)',
    group: 'server',
    flags: ['loading', 'stale'],
    arity,
    arguments: args,
    reply: 'an error',
    run() {
      throw NO_CLUSTER;
    },
  };
}

/** What only a cluster has. */
const SUBCOMMANDS: readonly (readonly [name: string, summary: string, ...args: Argument[]])[] = [
  ['bumpepoch', 'Increases the epoch of the configuration'],
  ['count-failure-reports', 'Counts the failure reports about a node', word('node-id')],
  ['countkeysinslot', 'Counts the keys in a slot', integer('slot')],
  ['flushslots', 'Gives up all slots of this node'],
  ['forget', 'Removes a node', word('node-id')],
  ['getkeysinslot', 'Returns keys in a slot', integer('slot'), integer('count')],
  ['info', 'Returns the state of the cluster'],
  ['keyslot', 'Returns the slot of a key', word('key')],
  ['links', 'Returns the links between nodes'],
  ['myid', 'Returns the id of this node'],
  ['myshardid', 'Returns the id of the shard of this node'],
  ['nodes', 'Returns the nodes of the cluster'],
  ['replicas', 'Returns the replicas of a node', word('node-id')],
  ['replicate', 'Makes this node a replica', word('node-id')],
  ['saveconfig', 'Writes the configuration to the disk'],
  ['set-config-epoch', 'Sets the epoch of the configuration', integer('config-epoch')],
  ['shards', 'Returns the shards of the cluster'],
  ['slaves', 'Returns the replicas of a node', word('node-id')],
  ['slots', 'Returns which node has which slots'],
];

/** The same, for subcommands whose last arguments may be left out or repeated. */
const LONG_SUBCOMMANDS: typeof SUBCOMMANDS = [
  ['addslots', 'Assigns slots to this node', { ...integer('slot'), multiple: true }],
  ['addslotsrange', 'Assigns ranges of slots to this node', integer('start-slot'), integer('end-slot')],
  ['delslots', 'Gives up slots of this node', { ...integer('slot'), multiple: true }],
  ['delslotsrange', 'Gives up ranges of slots of this node', integer('start-slot'), integer('end-slot')],
  ['failover', 'Makes a replica take over', { ...word('options'), optional: true }],
  ['meet', 'Adds a node', word('ip'), integer('port'), { ...integer('cluster-bus-port'), optional: true }],
  ['reset', 'Makes this node leave the cluster', { ...word('reset-type'), optional: true }],
  ['setslot', 'Moves a slot', integer('slot'), word('subcommand'), { ...word('node-id'), optional: true }],
];

const required = (args: readonly Argument[]) => args.filter(({ optional }) => !optional).length;

export const cluster = container('cluster', 'server', 'A container for commands about clusters.', [
  ...SUBCOMMANDS.map(([name, summary, ...args]) => refused(name, summary, args, 2 + args.length)),
  ...LONG_SUBCOMMANDS.map(([name, summary, ...args]) => refused(name, summary, args, -2 - required(args))),
]);

export const asking = refused('asking', 'Lets the next command use a slot that is being moved');
export const readonly = refused('readonly', 'Lets this connection read from a replica');
export const readwrite = refused('readwrite', 'Ends READONLY');
