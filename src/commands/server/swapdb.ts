import { CodedError } from '../../errors.js';
import type { Command } from '../declaration/command.js';

export const swapdb: Command = {
  name: 'swapdb',
  summary: 'Is refused: the database of a key is part of its name, so swapping two would rename every key.',
  complexity: 'O(1)',
  group: 'server',
  flags: ['write', 'fast'],
  arity: 3,
  arguments: [
    { name: 'index1', type: 'integer' },
    { name: 'index2', type: 'integer' },
  ],
  reply: 'an error',
  run() {
    throw REFUSED;
  },
};

const REFUSED = new CodedError('ERR', 'SWAPDB is not supported: use MOVE or RENAME for each key, or another database');
