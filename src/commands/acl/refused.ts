import { CodedError } from '../../errors.js';
import type { Argument, Command } from '../declaration/command.js';

// Commands that change users. In respite the options do.

const HOW = 'users are set by the options "users" and "users-file", and CONFIG RELOAD reads them again';

function refused(name: string, arity: number, ...args: Argument[]): Command {
  return {
    name,
    summary: 'Refused, because options set the users.',
    complexity: 'O(1)',
    group: 'server',
    // The rules may contain a password.
    flags: ['admin', 'loading', 'stale', 'skip_monitor', 'skip_slowlog', 'noscript'],
    arity,
    arguments: args,
    reply: 'an error',
    run() {
      throw new CodedError('ERR', `ACL ${name.toUpperCase()} is not supported: ${HOW}`);
    },
  };
}

const USERNAME: Argument = { name: 'username', type: 'string' };

export const deluser = refused('deluser', -3, { ...USERNAME, multiple: true });
export const load = refused('load', 2);
export const save = refused('save', 2);
export const setuser = refused('setuser', -3, USERNAME, {
  name: 'rule',
  type: 'string',
  optional: true,
  multiple: true,
});
