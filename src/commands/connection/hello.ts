import { parseInt64 } from '../../engine/fields/int64.js';
import { CodedError } from '../../errors.js';
import type { Context } from '../../execution/context/context.js';
import { redacted } from '../../execution/observing/redaction.js';
import type { Arguments } from '../arguments/arguments.js';
import type { Command } from '../declaration/command.js';
import { authenticate } from './auth.js';
import { checkedClientName } from './client-name.js';

const NOT_AUTHENTICATED =
  'HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time';

export const hello: Command = {
  name: 'hello',
  summary: 'Switches the protocol version, and can authenticate and name the connection.',
  complexity: 'O(1)',
  group: 'connection',
  flags: ['fast', 'loading', 'stale', 'no_auth', 'allow_busy', 'skip_monitor', 'skip_slowlog', 'noscript'],
  arity: -1,
  arguments: [
    {
      name: 'arguments',
      type: 'block',
      optional: true,
      arguments: [
        { name: 'protover', type: 'integer' },
        {
          name: 'auth',
          type: 'block',
          token: 'AUTH',
          optional: true,
          arguments: [
            { name: 'username', type: 'string' },
            { name: 'password', type: 'string' },
          ],
        },
        { name: 'clientname', type: 'string', token: 'SETNAME', optional: true },
      ],
    },
  ],
  reply: 'map: server, version, proto, id, mode, role, modules',
  run(context, args) {
    let protocol = context.reply.protocol;
    if (args.left > 0) {
      const asked = parseInt64(args.slice());
      if (asked === undefined) throw new CodedError('ERR', 'Protocol version is not an integer or out of range');
      if (asked !== 2n && asked !== 3n) throw new CodedError('NOPROTO', 'unsupported protocol version');
      protocol = asked === 3n ? 3 : 2;
    }
    let name: string | undefined;
    while (args.left > 0) {
      const option = args.bytes();
      const reader = OPTIONS.get(option.toString('latin1').toUpperCase());
      if (reader === undefined || args.left < reader.takes) {
        throw new CodedError('ERR', `Syntax error in HELLO option '${redacted(option)}'`);
      }
      name = reader.read(context, args) ?? name;
    }
    if (context.client.user === undefined) throw new CodedError('NOAUTH', NOT_AUTHENTICATED);
    if (name !== undefined) context.client.name = name;
    context.reply.protocol = protocol;
    greet(context);
  },
};

/** An option of HELLO after the version. */
interface HelloOption {
  /** The number of its arguments. */
  readonly takes: number;
  /** Reads the arguments. Returns the name given by SETNAME, otherwise undefined. */
  read(context: Context, args: Arguments): string | undefined;
}

const OPTIONS = new Map<string, HelloOption>([
  [
    'AUTH',
    {
      takes: 2,
      read(context, args) {
        authenticate(context, args.text(), args.bytes());
        return undefined;
      },
    },
  ],
  ['SETNAME', { takes: 1, read: (_, args) => checkedClientName(args.text()) }],
]);

function greet({ reply, client, server }: Context): void {
  reply.map(7);
  reply.bulk('server');
  reply.bulk('respite');
  reply.bulk('version');
  reply.bulk(server.version);
  reply.bulk('proto');
  reply.integer(reply.protocol);
  reply.bulk('id');
  reply.integer(client.id);
  reply.bulk('mode');
  reply.bulk('standalone');
  reply.bulk('role');
  reply.bulk('master');
  reply.bulk('modules');
  reply.array(0);
}
