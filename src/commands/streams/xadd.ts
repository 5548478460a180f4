import { CodedError } from '../../errors.js';
import type { Argument, Command, CommandFlag } from '../declaration/command.js';
import { IDS, KEY } from './grammar.js';
import { checkKey } from './stream-command.js';

// XADD, XDEL and XSETID, which are refused: only the server writes to the stream.

function refused(
  name: string,
  flags: readonly CommandFlag[],
  arity: number,
  why: string,
  ...args: Argument[]
): Command {
  const REFUSED = new CodedError('ERR', `${name.toUpperCase()} is not supported: ${why}`);
  return {
    name,
    summary: `Refused: ${why}.`,
    complexity: 'O(1)',
    group: 'stream',
    flags,
    arity,
    arguments: args,
    reply: 'an error',
    run({ client }, given) {
      checkKey(client, given.slice());
      throw REFUSED;
    },
  };
}

export const xadd = refused(
  'xadd',
  ['write', 'fast'],
  -5,
  'only the server adds entries to the stream of session events',
  { ...KEY, use: 'RW update' },
  { name: 'id', type: 'string' },
  {
    name: 'data',
    type: 'block',
    multiple: true,
    arguments: [
      { name: 'field', type: 'string' },
      { name: 'value', type: 'string' },
    ],
  },
);

export const xdel = refused(
  'xdel',
  ['write', 'fast'],
  -3,
  'single entries are not deleted from the stream of session events. XTRIM removes the oldest',
  { ...KEY, use: 'RW delete' },
  IDS,
);

export const xsetid = refused(
  'xsetid',
  ['write', 'fast'],
  -3,
  'the server chooses the ids of the stream of session events',
  { ...KEY, use: 'RW update' },
  { name: 'last-id', type: 'string' },
  { name: 'option', type: 'string', optional: true, multiple: true },
);
