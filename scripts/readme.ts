import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Command, usageOf } from '../src/commands/command.js';
import { commands } from '../src/commands/table.js';
import { describeDefault, OPTIONS, type OptionGroup, optionNames } from '../src/config.js';

/**
 * Fills in those parts of the README that are made from the declarations of commands and options.
 *
 *     npm run readme
 */

const README = fileURLToPath(new URL('../README.md', import.meta.url));

const GROUPS: Record<Command['group'], string> = {
  session: 'Life of a session',
  'session-data': 'Data of a session',
  generic: 'Keys',
  string: 'Strings',
  hash: 'Hashes',
  pubsub: 'Messages and events',
  transactions: 'Transactions',
  connection: 'Connection',
  server: 'Server',
};

/** What stands between each pair of `<!-- name -->` and `<!-- /name -->`. */
const PARTS: Record<string, () => string> = {
  commands: () =>
    Object.entries(GROUPS)
      .map(([group, title]) => {
        const rows = commands.filter((command) => command.group === group).flatMap(commandRows);
        return `**${title}**\n\n| command | reply |\n|---|---|\n${rows.join('\n')}`;
      })
      .join('\n\n'),
  options: () => {
    const groups = [...new Set(optionNames.map((name) => OPTIONS[name].group))];
    return groups.map(optionTable).join('\n\n');
  },
};

/** The README with its made parts as they should be. */
export function renderReadme(readme: string): string {
  return Object.entries(PARTS).reduce((text, [name, render]) => {
    const part = new RegExp(`(<!-- ${name} -->\n)[^]*?(<!-- /${name} -->)`);
    if (!part.test(text)) throw new Error(`the README has no part <!-- ${name} -->`);
    return text.replace(part, (_, open: string, close: string) => `${open}\n${render()}\n\n${close}`);
  }, readme);
}

function commandRows(command: Command): string[] {
  const { name, subcommands = [] } = command;
  const rows = command.run === undefined ? [] : [commandRow(name, command)];
  return [...rows, ...subcommands.map((subcommand) => commandRow(`${name} ${subcommand.name}`, subcommand))];
}

function commandRow(name: string, command: Command): string {
  const usage = `${name.toUpperCase()} ${usageOf(command.arguments)}`.trimEnd();
  return `| \`${escapeCell(usage)}\` | ${escapeCell(command.reply)} |`;
}

function optionTable(group: OptionGroup): string {
  const rows = optionNames
    .filter((name) => OPTIONS[name].group === group)
    .map((name) => {
      const initial = describeDefault(name);
      const live = 'live' in OPTIONS[name] ? ' ·' : '';
      return `| \`--${name}\`${live} | ${initial === '' ? '' : `\`${initial}\``} | ${escapeCell(OPTIONS[name].help)} |`;
    });
  return `**${group}**\n\n| option | default | |\n|---|---|---|\n${rows.join('\n')}`;
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(README, renderReadme(readFileSync(README, 'utf8')));
}
