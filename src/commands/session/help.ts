import type { Command } from '../declaration/command.js';
import { usageOf } from '../declaration/command.js';

/** SESSION.HELP, generated from the declarations of the commands. */
export function sessionHelp(commands: readonly Command[]): Command {
  const help: Command = {
    name: 'session.help',
    summary: 'Lists the session commands.',
    complexity: 'O(1)',
    group: 'session',
    flags: ['fast', 'loading', 'stale'],
    arity: 1,
    arguments: [],
    reply: 'array with a line for each command',
    run({ reply }) {
      reply.array(lines.length);
      for (const line of lines) reply.simple(line);
    },
  };
  const lines = [...commands, help].map((command) => {
    const usage = `${command.name.toUpperCase()} ${usageOf(command.arguments)}`.trimEnd();
    return `${usage}: ${command.summary}`;
  });
  return help;
}
