import { Command, Option } from 'commander';
import { aliasOf, describeDefault, OPTIONS, type OptionName, optionNames } from '../config.js';
import { version } from '../version.js';
import { addCheckCommand } from './check.js';
import { checkConfig } from './check-config.js';
import { addDemoCommand } from './demo.js';
import { addHealthCommand } from './health/health.js';
import { EXAMPLES, HELP_LAYOUT } from './help.js';
import { serve } from './serve.js';
import { endOnSighup } from './signals.js';

const program = new Command('respite')
  .description('A session server that speaks the Redis protocol. Sessions end exactly on time.')
  .usage(
    [
      '[file] [--option value ...]',
      'respite --check-config [file] [--option value ...]',
      'respite check [--fix] <file>',
      'respite demo [--port port] [--http-port port]',
      'respite health [--url URL | --socket path] [file]',
    ].join('\n       '),
  )
  .version(version, '-V, --version', 'Show the version.')
  .helpOption('-h, --help', 'Show this help.')
  .configureHelp(HELP_LAYOUT)
  .addHelpText('after', EXAMPLES)
  .allowExcessArguments()
  // Options after a command are the command's.
  .enablePositionalOptions()
  .hook('preSubcommand', endOnSighup)
  .option(
    '--check-config',
    'Print the options that would be used and where each comes from, check them and the files that they name, and exit.',
  )
  .action(({ checkConfig: only }: { checkConfig?: true }) => (only ? checkConfig(program) : serve(program)));

// A mistyped option may hold a password.
program.configureOutput({
  outputError: (text, write) => write(text.replace(/^(error: unknown option '[^=']*)=.*'/, "$1'")),
});

for (const name of optionNames) program.addOption(commanderOption(name));

addCheckCommand(program);
addDemoCommand(program);
addHealthCommand(program);
program.helpCommand(false);

await program.parseAsync();

function commanderOption(name: OptionName): Option {
  const { kind, help, group } = OPTIONS[name];
  const alias = aliasOf(name);
  const byDefault = describeDefault(name);
  const option = new Option(
    `${alias === undefined ? '' : `--${alias}, `}--${name} <${kind.placeholder}>`,
    byDefault === '' ? help : `${help} Default: ${byDefault}`,
  );
  return option.helpGroup(`${group}:`);
}
