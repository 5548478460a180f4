import { CodedError } from '../../errors.js';
import type { Argument, Command } from '../declaration/command.js';
import { container } from '../declaration/container.js';

const list: Command = {
  name: 'list',
  summary: 'Returns the loaded modules: none.',
  complexity: 'O(1)',
  group: 'server',
  flags: ['loading', 'stale', 'noscript'],
  arity: 2,
  arguments: [],
  reply: 'an empty array',
  run({ reply }) {
    reply.array(0);
  },
};

function refused(name: string, arity: number, ...args: Argument[]): Command {
  return {
    name,
    summary: 'Refused, because there are no modules.',
    complexity: 'O(1)',
    group: 'server',
    flags: ['admin', 'loading', 'stale', 'noscript'],
    arity,
    arguments: args,
    reply: 'an error',
    run() {
      throw new CodedError(
        'ERR',
        `MODULE ${name.toUpperCase()} is not supported: respite cannot load modules of Redis`,
      );
    },
  };
}

export const moduleCommand = container('module', 'server', 'A container for commands about modules.', [
  list,
  refused(
    'load',
    -3,
    { name: 'path', type: 'string' },
    { name: 'arg', type: 'string', optional: true, multiple: true },
  ),
  refused('unload', 3, { name: 'name', type: 'string' }),
]);
