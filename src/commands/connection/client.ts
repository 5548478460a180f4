import { CodedError } from '../../errors.js';
import { redacted } from '../../execution/observing/redaction.js';
import type { Command } from '../declaration/command.js';
import { container } from '../declaration/container.js';
import { clientInfo, clientKill, clientList } from './client-list.js';
import { clientNoEvict, clientNoTouch, clientReply } from './client-modes.js';
import { checkedClientName } from './client-name.js';
import { clientPause, clientUnblock, clientUnpause } from './client-pause.js';
import { clientCaching, clientGetredir, clientTracking, clientTrackinginfo } from './client-tracking.js';

const id: Command = {
  name: 'id',
  summary: 'Returns the ID of the connection.',
  complexity: 'O(1)',
  group: 'connection',
  flags: ['loading', 'stale', 'noscript'],
  arity: 2,
  arguments: [],
  reply: 'the ID, which is unique and never reused',
  run({ client, reply }) {
    reply.integer(client.id);
  },
};

const getname: Command = {
  name: 'getname',
  summary: 'Returns the name of the connection.',
  complexity: 'O(1)',
  group: 'connection',
  flags: ['loading', 'stale', 'noscript'],
  arity: 2,
  arguments: [],
  reply: 'the name, or null',
  run({ client, reply }) {
    reply.bulkOrNull(client.name === '' ? undefined : client.name);
  },
};

const setname: Command = {
  name: 'setname',
  summary: 'Sets the name of the connection. An empty name removes it.',
  complexity: 'O(1)',
  group: 'connection',
  flags: ['loading', 'stale', 'noscript'],
  arity: 3,
  arguments: [{ name: 'connection-name', type: 'string' }],
  reply: 'OK',
  run({ client, reply }, args) {
    client.name = checkedClientName(args.text());
    reply.ok();
  },
};

const LIBRARY_ATTRIBUTES = { 'lib-name': 'libraryName', 'lib-ver': 'libraryVersion' } as const;

function isLibraryAttribute(name: string): name is keyof typeof LIBRARY_ATTRIBUTES {
  return Object.hasOwn(LIBRARY_ATTRIBUTES, name);
}

const setinfo: Command = {
  name: 'setinfo',
  summary: 'Sets the name or the version of the client library, which CLIENT LIST shows.',
  complexity: 'O(1)',
  group: 'connection',
  flags: ['loading', 'stale', 'noscript'],
  arity: 4,
  arguments: [
    {
      name: 'attr',
      type: 'oneof',
      arguments: [
        { name: 'libname', type: 'string', token: 'LIB-NAME' },
        { name: 'libver', type: 'string', token: 'LIB-VER' },
      ],
    },
  ],
  reply: 'OK',
  run({ client, reply }, args) {
    const attribute = args.bytes();
    const name = attribute.toString('latin1').toLowerCase();
    if (!isLibraryAttribute(name)) throw new CodedError('ERR', `Unrecognized option '${redacted(attribute)}'`);
    client[LIBRARY_ATTRIBUTES[name]] = checkedClientName(args.text(), name);
    reply.ok();
  },
};

export const client = container('client', 'connection', 'A container for commands about connections.', [
  clientCaching,
  getname,
  clientGetredir,
  id,
  clientInfo,
  clientKill,
  clientList,
  clientNoEvict,
  clientNoTouch,
  clientPause,
  clientReply,
  setinfo,
  setname,
  clientTracking,
  clientTrackinginfo,
  clientUnblock,
  clientUnpause,
]);
