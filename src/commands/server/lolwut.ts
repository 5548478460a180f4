import type { Command } from '../declaration/command.js';

export const lolwut: Command = {
  name: 'lolwut',
  summary: 'Draws a timing wheel, and returns the version.',
  complexity: 'O(1)',
  group: 'server',
  flags: ['readonly', 'fast'],
  arity: -1,
  arguments: [{ name: 'argument', type: 'string', optional: true, multiple: true }],
  reply: 'text',
  run({ reply, server }) {
    const hand = Math.floor(server.clock.wall() / 1000) % PLACES.length;
    const face = FACE.replace(/[a-l]/g, (place) => (PLACES.indexOf(place) === hand ? '@' : '.'));
    reply.verbatim(
      `${face}\nEach session ends on time. respite ver. ${server.version}, Redis ver. ${server.redisVersion}\n`,
    );
  },
};

/** The places of the wheel, in the order in which the hand reaches them. */
const PLACES = 'abcdefghijkl';
const FACE = `
      l  a
   k        b
  j          c
  i          d
   h        e
      g  f
`;
