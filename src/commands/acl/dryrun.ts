import { CodedError, noPermission, wrongNumberOfArguments } from '../../errors.js';
import { redacted } from '../../execution/observing/redaction.js';
import type { Command } from '../declaration/command.js';
import { type CommandEntry, takesWords } from '../declaration/command-entry.js';

export function dryrun(entries: () => ReadonlyMap<string, CommandEntry>): Command {
  return {
    name: 'dryrun',
    summary: 'Returns whether a user may run a command, without running it.',
    complexity: 'O(1)',
    group: 'server',
    flags: ['admin', 'loading', 'stale', 'noscript'],
    arity: -4,
    arguments: [
      { name: 'username', type: 'string' },
      { name: 'command', type: 'string' },
      { name: 'arg', type: 'string', optional: true, multiple: true },
    ],
    reply: 'OK, or text that says which permission is missing',
    run({ reply, server }, args) {
      const name = args.bytes();
      const user = server.users.find((each) => each.name === name.toString());
      if (user === undefined) throw new CodedError('ERR', `User '${redacted(name)}' not found`);
      const request = args.rest();
      const word = (index: number) => request[index]?.latin1().toLowerCase() ?? '';
      const main = entries().get(word(0));
      if (main === undefined) throw new CodedError('ERR', `Command '${redacted(request[0].toBuffer())}' not found`);
      const entry = main.subcommands.get(word(1)) ?? main;
      if (!takesWords(entry, request.length)) throw wrongNumberOfArguments(entry.fullName);
      if ((entry.needs & ~user.permissions) === 0) reply.ok();
      else reply.bulk(noPermission(user.name, entry.fullName).message);
    },
  };
}
