import type { Argument, Command } from '../declaration/command.js';

/** CLIENT REPLY, NO-EVICT, NO-TOUCH and UNPAUSE: how a connection wants to be treated. */

const word = (token: string): Argument => ({ name: token.toLowerCase(), type: 'pure-token', token });
const ON_OFF: Argument = { name: 'enabled', type: 'oneof', arguments: [word('ON'), word('OFF')] };

export const clientReply: Command = {
  name: 'reply',
  summary: 'Turns replies off and on again, or leaves out that of the next command.',
  complexity: 'O(1)',
  group: 'connection',
  flags: ['loading', 'stale'],
  arity: 3,
  arguments: [{ name: 'on-off-skip', type: 'oneof', arguments: [word('ON'), word('OFF'), word('SKIP')] }],
  reply: 'OK with ON; with OFF and SKIP none',
  run({ client, reply }, args) {
    const mode = args.choice('ON', 'OFF', 'SKIP');
    if (mode === 'ON') {
      client.replyMode = 'on';
      reply.ok();
    } else if (mode === 'OFF') {
      client.replyMode = 'off';
    } else if (client.replyMode !== 'off') {
      client.replyMode = 'skipNext';
    }
  },
};

export const clientNoEvict: Command = {
  name: 'no-evict',
  summary: 'Whether this connection is spared when clients are disconnected for maxmemory-clients.',
  complexity: 'O(1)',
  group: 'connection',
  flags: ['admin', 'loading', 'stale'],
  arity: 3,
  arguments: [ON_OFF],
  reply: 'OK',
  run({ client, reply }, args) {
    client.noEvict = args.choice('ON', 'OFF') === 'ON';
    reply.ok();
  },
};

export const clientNoTouch: Command = {
  name: 'no-touch',
  summary: 'Whether the commands of this connection leave out of account for eviction that a session is used.',
  complexity: 'O(1)',
  group: 'connection',
  flags: ['loading', 'stale'],
  arity: 3,
  arguments: [ON_OFF],
  reply: 'OK',
  run({ client, reply }, args) {
    client.noTouch = args.choice('ON', 'OFF') === 'ON';
    reply.ok();
  },
};

export const clientUnpause: Command = {
  name: 'unpause',
  summary: 'Accepted for clients that send it: nothing is ever paused here.',
  complexity: 'O(1)',
  group: 'connection',
  flags: ['admin', 'loading', 'stale'],
  arity: 2,
  arguments: [],
  reply: 'OK',
  run({ reply }) {
    reply.ok();
  },
};
