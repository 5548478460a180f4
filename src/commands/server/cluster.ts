import { CodedError } from '../../errors.js';
import type { Argument, Command } from '../declaration/command.js';
import { container } from '../declaration/container.js';

// CLUSTER, and what clients of a cluster send on connecting. respite answers as Redis does outside of a cluster.

const NO_CLUSTER = new CodedError('ERR', 'This instance has cluster support disabled');

const word = (name: string): Argument => ({ name, type: 'string' });
const integer = (name: string): Argument => ({ name, type: 'integer' });

function refused(
  name: string,
  args: readonly Argument[] = [],
  arity = 1,
  flags: Command['flags'] = ['loading'],
): Command {
  return {
    name,
    summary: 'Refused, because there is no cluster.',
    complexity: 'O(1)',
    group: 'server',
    flags,
    arity,
    arguments: args,
    reply: 'an error',
    run() {
      throw NO_CLUSTER;
    },
  };
}

/** What only a cluster has. */
const SUBCOMMANDS: readonly (readonly [name: string, ...args: Argument[]])[] = [
  ['bumpepoch'],
  ['count-failure-reports', word('node-id')],
  ['countkeysinslot', integer('slot')],
  ['flushslots'],
  ['forget', word('node-id')],
  ['getkeysinslot', integer('slot'), integer('count')],
  ['info'],
  ['keyslot', word('key')],
  ['links'],
  ['myid'],
  ['myshardid'],
  ['nodes'],
  ['replicas', word('node-id')],
  ['replicate', word('node-id')],
  ['saveconfig'],
  ['set-config-epoch', integer('config-epoch')],
  ['shards'],
  ['slaves', word('node-id')],
  ['slots'],
];

const SLOTS: Argument = {
  name: 'range',
  type: 'block',
  multiple: true,
  arguments: [integer('start-slot'), integer('end-slot')],
};

/** The same, for subcommands whose last arguments may be left out or repeated. */
const LONG_SUBCOMMANDS: typeof SUBCOMMANDS = [
  ['addslots', { ...integer('slot'), multiple: true }],
  ['addslotsrange', SLOTS],
  ['delslots', { ...integer('slot'), multiple: true }],
  ['delslotsrange', SLOTS],
  ['failover', { ...word('options'), optional: true }],
  ['meet', word('ip'), integer('port'), { ...integer('cluster-bus-port'), optional: true }],
  ['setslot', integer('slot'), word('subcommand'), { ...word('node-id'), optional: true }],
];

/** Returns how many words the arguments have at least. */
const wordsOf = (args: readonly Argument[]): number =>
  args.reduce((sum, { optional, arguments: members }) => sum + (optional ? 0 : (members?.length ?? 1)), 0);

export const cluster = container('cluster', 'server', 'A container for commands about clusters.', [
  ...SUBCOMMANDS.map(([name, ...args]) => refused(name, args, 2 + args.length)),
  refused('reset', [{ ...word('reset-type'), optional: true }], -2, ['loading', 'noscript']),
  ...LONG_SUBCOMMANDS.map(([name, ...args]) => refused(name, args, -2 - wordsOf(args))),
]);

export const asking = refused('asking');
export const readonly = refused('readonly');
export const readwrite = refused('readwrite');
