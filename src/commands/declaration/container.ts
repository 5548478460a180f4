import { type Command, type Group, usageOf } from './command.js';

/** Declares a command that does nothing by itself: each of its subcommands does. HELP is added to them. */
export function container(name: string, group: Group, summary: string, subcommands: readonly Command[]): Command {
  return withHelp({
    name,
    summary,
    complexity: 'depends on the subcommand',
    group,
    flags: [],
    arity: -2,
    arguments: [],
    reply: 'depends on the subcommand',
    subcommands,
  });
}

/** Adds the subcommand HELP, which lists all subcommands in the form that Redis uses. */
export function withHelp(command: Command): Command {
  const subcommands = command.subcommands ?? [];
  const help: Command = {
    name: 'help',
    summary: 'Lists the subcommands.',
    complexity: 'O(1)',
    group: command.group,
    flags: ['loading', 'stale'],
    arity: 2,
    arguments: [],
    reply: 'array of lines',
    run({ reply }) {
      reply.array(lines.length);
      for (const line of lines) reply.simple(line);
    },
  };
  const lines = [
    `${command.name.toUpperCase()} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:`,
    ...[...subcommands, help].flatMap((sub) => [
      `${sub.name.toUpperCase()} ${usageOf(sub.arguments)}`.trimEnd(),
      `    ${sub.summary}`,
    ]),
  ];
  return { ...command, subcommands: [...subcommands, help] };
}
