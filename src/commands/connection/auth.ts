import { CodedError } from '../../errors.js';
import type { Context } from '../../execution/context/context.js';
import type { Command } from '../declaration/command.js';

const NO_PASSWORD =
  'AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?';

export const auth: Command = {
  name: 'auth',
  summary: 'Authenticates the connection.',
  complexity: 'O(1)',
  group: 'connection',
  flags: ['fast', 'loading', 'stale', 'no_auth', 'allow_busy', 'skip_monitor', 'skip_slowlog', 'noscript'],
  arity: -2,
  arguments: [
    { name: 'username', type: 'string', optional: true },
    { name: 'password', type: 'string' },
  ],
  reply: 'OK',
  run(context, args) {
    const first = args.bytes();
    const second = args.left > 0 ? args.bytes() : undefined;
    args.end();
    if (second !== undefined) {
      authenticate(context, first.toString(), second);
    } else {
      if (context.server.config.requirepass === '') throw new CodedError('ERR', NO_PASSWORD);
      authenticate(context, 'default', first);
    }
    context.reply.ok();
  },
};

/**
 * Authenticates a client.
 * @throws CodedError WRONGPASS, which does not say whether the name or the password is wrong; or an error about too
 *   many failed attempts, which does not say whether this one would have succeeded.
 */
export function authenticate({ client, server }: Context, name: string, password: Buffer): void {
  const outcome = server.authenticate(client, name, password);
  if ('permissions' in outcome) {
    client.admit(outcome);
    return;
  }
  const { wasChecked, delay } = outcome;
  // People type their password here by mistake.
  const isUser = server.users.some((user) => user.name === name);
  server.aclLog.add('auth', 'AUTH', isUser ? name : '(unknown)', client);
  client.authenticationFailed(wasChecked ? delay : 0);
  if (wasChecked) throw new CodedError('WRONGPASS', 'invalid username-password pair or user is disabled.');
  const seconds = Math.ceil(delay / 1000);
  throw new CodedError(
    'ERR',
    `too many failed attempts to authenticate from your address, try again in ${seconds} second${seconds === 1 ? '' : 's'}`,
  );
}
