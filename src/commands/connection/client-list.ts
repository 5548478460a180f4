import { CodedError } from '../../errors.js';
import type { Client } from '../../execution/context/client.js';
import type { Context } from '../../execution/context/context.js';
import { forEachInSlices, inSlices } from '../../execution/in-slices.js';
import { redacted, redactedText } from '../../execution/observing/redaction.js';
import type { Arguments } from '../arguments/arguments.js';
import type { Argument, Command } from '../declaration/command.js';
import { type ClientType, clientLine, typeOf } from './client-line.js';

// CLIENT INFO, LIST and KILL.

export const clientInfo: Command = {
  name: 'info',
  summary: 'Returns information about this connection.',
  complexity: 'O(1)',
  group: 'connection',
  flags: ['loading', 'stale', 'noscript'],
  arity: 2,
  arguments: [],
  reply: 'text: a line of `field=value` pairs',
  run({ client, server, reply }) {
    reply.verbatim(`${clientLine(client, server.clock.now())}\n`);
  },
};

const TYPE: Argument = {
  name: 'client-type',
  type: 'oneof',
  token: 'TYPE',
  arguments: [
    { name: 'normal', type: 'pure-token', token: 'NORMAL' },
    { name: 'master', type: 'pure-token', token: 'MASTER' },
    { name: 'replica', type: 'pure-token', token: 'REPLICA' },
    { name: 'pubsub', type: 'pure-token', token: 'PUBSUB' },
  ],
};

export const clientList: Command = {
  name: 'list',
  summary: 'Returns information about all connections, or about those that match a filter.',
  complexity: 'O(N), where N is the number of connections',
  group: 'connection',
  flags: ['admin', 'loading', 'stale', 'noscript'],
  arity: -2,
  arguments: [
    { ...TYPE, optional: true },
    { name: 'client-id', type: 'integer', token: 'ID', optional: true, multiple: true },
  ],
  reply: 'text: a line of `field=value` pairs for each connection',
  run(context, args) {
    let passes: Filter = () => true;
    if (args.left > 0) {
      if (args.choice('TYPE', 'ID') === 'TYPE') {
        passes = ofType(args);
        args.end();
      } else {
        passes = ofIds(args);
      }
    }
    return inSlices(context, listClients(context, passes));
  },
};

function* listClients({ server, reply }: Context, passes: Filter): Generator<void> {
  const now = server.clock.now();
  let lines = '';
  yield* forEachInSlices(server.clients.values(), (client) => {
    if (passes(client)) lines += `${clientLine(client, now)}\n`;
  });
  reply.verbatim(lines);
}

type Filter = (client: Client) => boolean;

export const clientKill: Command = {
  name: 'kill',
  summary: 'Disconnects the client with an address, or all clients that match every filter.',
  complexity: 'O(N), where N is the number of connections',
  group: 'connection',
  flags: ['admin', 'loading', 'stale', 'noscript'],
  arity: -3,
  arguments: [
    {
      name: 'filter',
      type: 'oneof',
      arguments: [
        { name: 'ip:port', type: 'string' },
        {
          name: 'new-format',
          type: 'block',
          multiple: true,
          arguments: [
            {
              name: 'filter',
              type: 'oneof',
              arguments: [
                { name: 'client-id', type: 'integer', token: 'ID' },
                TYPE,
                { name: 'username', type: 'string', token: 'USER' },
                { name: 'ip:port', type: 'string', token: 'ADDR' },
                { name: 'ip:port', type: 'string', token: 'LADDR' },
                {
                  name: 'skipme',
                  type: 'oneof',
                  token: 'SKIPME',
                  arguments: [
                    { name: 'yes', type: 'pure-token', token: 'YES' },
                    { name: 'no', type: 'pure-token', token: 'NO' },
                  ],
                },
                { name: 'maxage', type: 'integer', token: 'MAXAGE' },
              ],
            },
          ],
        },
      ],
    },
  ],
  reply: 'OK if only an address is given; otherwise the number of clients disconnected',
  run(context, args) {
    if (args.left === 1) {
      const address = args.text();
      const [found] = kill(context, [(client) => client.address === address], false);
      if (found === undefined) throw new CodedError('ERR', 'No such client');
      context.reply.ok();
      return;
    }
    const filters: Filter[] = [];
    let skipMe = true;
    while (args.left > 0) {
      const word = args.choice('ID', 'TYPE', 'USER', 'ADDR', 'LADDR', 'SKIPME', 'MAXAGE');
      if (word === 'SKIPME') skipMe = args.choice('YES', 'NO') === 'YES';
      else filters.push(FILTERS[word](args, context));
    }
    context.reply.integer(kill(context, filters, skipMe).length);
  },
};

const FILTERS: Record<
  'ID' | 'TYPE' | 'USER' | 'ADDR' | 'LADDR' | 'MAXAGE',
  (args: Arguments, context: Context) => Filter
> = {
  ID: (args) => {
    const id = idOf(args, 'client-id should be greater than 0');
    return (client) => client.id === id;
  },
  TYPE: (args) => ofType(args),
  USER: (args, { server }) => {
    const name = args.text();
    if (!server.users.some((user) => user.name === name)) {
      throw new CodedError('ERR', `No such user '${redactedText(name)}'`);
    }
    return ({ user }) => (user?.name ?? 'default') === name;
  },
  ADDR: (args) => {
    const address = args.text();
    return (client) => client.address === address;
  },
  LADDR: (args) => {
    const address = args.text();
    return (client) => client.localAddress === address;
  },
  MAXAGE: (args, { server }) => {
    const before = server.clock.now() - args.integer(1, 2 ** 31 - 1) * 1000;
    return ({ connectedAt }) => connectedAt <= before;
  },
};

/** Disconnects the clients that pass every filter, and returns them. */
function kill({ server, client: self }: Context, filters: readonly Filter[], skipMe: boolean): Client[] {
  const found = [...server.clients.values()].filter(
    (client) => filters.every((passes) => passes(client)) && !(skipMe && client === self),
  );
  for (const client of found) {
    if (client === self) client.closeAfterReply();
    else client.kill();
  }
  return found;
}

/** There are no masters and replicas. */
const TYPES = new Map<string, ClientType | 'none'>([
  ['normal', 'normal'],
  ['pubsub', 'pubsub'],
  ['master', 'none'],
  ['replica', 'none'],
  ['slave', 'none'],
]);

function ofType(args: Arguments): Filter {
  const given = args.bytes();
  const type = TYPES.get(given.toString('latin1').toLowerCase());
  if (type === undefined) throw new CodedError('ERR', `Unknown client type '${redacted(given)}'`);
  return (client) => typeOf(client) === type;
}

function ofIds(args: Arguments): Filter {
  const ids = new Set<number>();
  do ids.add(idOf(args, 'Invalid client ID'));
  while (args.left > 0);
  return ({ id }) => ids.has(id);
}

function idOf(args: Arguments, complaint: string): number {
  const id = Number(args.text());
  if (!(Number.isSafeInteger(id) && id > 0)) throw new CodedError('ERR', complaint);
  return id;
}
