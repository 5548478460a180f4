import type { Argument, Command } from '../declaration/command.js';

// CLIENT REPLY, NO-EVICT and NO-TOUCH: modes of a connection.

const word = (token: string): Argument => ({ name: token.toLowerCase(), type: 'pure-token', token });
const ON_OFF: Argument = { name: 'enabled', type: 'oneof', arguments: [word('ON'), word('OFF')] };

export const clientReply: Command = {
  name: 'reply',
  summary: 'Turns replies on or off, or skips the reply to the next command.',
  complexity: 'O(1)',
  group: 'connection',
  flags: ['loading', 'stale', 'noscript'],
  arity: 3,
  arguments: [{ name: 'on-off-skip', type: 'oneof', arguments: [word('ON'), word('OFF'), word('SKIP')] }],
  reply: 'OK for ON; no reply for OFF and SKIP',
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
  summary: 'Sets whether this connection is exempt from being disconnected for maxmemory-clients.',
  complexity: 'O(1)',
  group: 'connection',
  flags: ['admin', 'loading', 'stale', 'noscript'],
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
  summary: 'Turns a mode on or off in which commands of this connection do not count as use of a session for eviction.',
  complexity: 'O(1)',
  group: 'connection',
  flags: ['loading', 'stale', 'noscript'],
  arity: 3,
  arguments: [ON_OFF],
  reply: 'OK',
  run({ client, reply }, args) {
    client.noTouch = args.choice('ON', 'OFF') === 'ON';
    reply.ok();
  },
};
