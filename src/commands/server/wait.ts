import { parseInteger } from '../../engine/fields/int64.js';
import { CodedError } from '../../errors.js';
import type { Context } from '../../execution/context/context.js';
import type { Arguments } from '../arguments/arguments.js';
import type { Argument, Command } from '../declaration/command.js';

// WAIT and WAITAOF.

const REPLICAS: Argument = { name: 'numreplicas', type: 'integer' };
const TIMEOUT: Argument = { name: 'timeout', type: 'integer' };

const MOST = 2 ** 31 - 1;
const NO_TIMEOUT = new CodedError('ERR', 'timeout is not an integer or out of range');
const NEGATIVE_TIMEOUT = new CodedError('ERR', 'timeout is negative');
const NO_JOURNAL = new CodedError('ERR', 'WAITAOF cannot be used when numlocal is set but appendonly is disabled.');

/** Takes a timeout in ms. 0 is none. */
function readTimeout(args: Arguments): number {
  const timeout = parseInteger(args.slice());
  if (Number.isNaN(timeout)) throw NO_TIMEOUT;
  if (timeout < 0) throw NEGATIVE_TIMEOUT;
  return timeout;
}

export const wait: Command = {
  name: 'wait',
  summary: 'Returns how many replicas have received the changes of this connection: none, because there are none.',
  complexity: 'O(1)',
  group: 'server',
  flags: ['noscript'],
  arity: 3,
  arguments: [REPLICAS, TIMEOUT],
  reply: '0, without waiting',
  run({ reply }, args) {
    args.integer(-MOST, MOST);
    readTimeout(args);
    reply.integer(0);
  },
};

export const waitaof: Command = {
  name: 'waitaof',
  summary: 'Waits until the journal on this server has all changes on disk.',
  complexity: 'O(1)',
  group: 'server',
  flags: ['noscript'],
  arity: 4,
  arguments: [{ name: 'numlocal', type: 'integer' }, REPLICAS, TIMEOUT],
  reply: 'array: 1 if the changes are on disk, otherwise 0; and 0, because there are no replicas',
  run(context, args) {
    const wanted = args.integer(0, 1);
    args.integer(0, MOST);
    const timeout = readTimeout(args);
    const { durability } = context.server;
    if (wanted === 1 && durability === undefined) throw NO_JOURNAL;
    const isThere = durability?.isDurable !== false;
    if (wanted === 0 || isThere || context.client.transaction.executing) return answer(context);
    return waitForDisk(context, timeout).then(() => answer(context));
  },
};

function answer({ reply, server }: Context): void {
  reply.array(2);
  reply.integer(server.durability?.isDurable ? 1 : 0);
  reply.integer(0);
}

/** Resolves when the disk has everything, or after the timeout. */
function waitForDisk({ server }: Context, timeout: number): Promise<void> {
  return new Promise((resolve) => {
    const cancel = timeout > 0 ? server.clock.after(timeout, resolve) : undefined;
    const { durability } = server;
    durability?.whenDurableOrFailing(durability.position, () => {
      cancel?.();
      resolve();
    });
  });
}
