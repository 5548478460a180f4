import type { Command } from '../command.js';
import { globMatcher } from '../glob.js';

const get: Command = {
  name: 'get',
  summary: 'Returns the options whose names match one of the patterns.',
  complexity: 'O(N * M) with N options and M patterns',
  group: 'server',
  flags: ['admin', 'loading', 'stale'],
  arguments: [{ name: 'parameter', type: 'pattern', multiple: true }],
  reply: 'map of names to values',
  run({ server, reply }, args) {
    const patterns: ((name: string) => boolean)[] = [];
    while (args.left > 0) patterns.push(globMatcher(args.pattern().toLowerCase()));
    const found = [...server.options()].filter(([name]) => patterns.some((matches) => matches(name)));
    reply.map(found.length);
    for (const [name, value] of found) {
      reply.bulk(name);
      reply.bulk(value);
    }
  },
};

export const config: Command = {
  name: 'config',
  summary: "Commands about the server's options.",
  complexity: 'depends on the subcommand',
  group: 'server',
  flags: [],
  arguments: [],
  reply: 'depends on the subcommand',
  subcommands: [get],
};
