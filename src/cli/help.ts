import type { Help, HelpConfiguration } from 'commander';

/** In columns. */
const WIDTH = 80;

/** The layout of `--help`: each option on a separate line, with its description below. */
export const HELP_LAYOUT: HelpConfiguration = {
  helpWidth: WIDTH,
  // The variable is not shown: its name follows from that of the option.
  optionDescription: ({ description }) => description,
  subcommandTerm: (command) => `${command.name()} ${command.usage()}`,
  formatItem(this: Help, term, _termWidth, description) {
    const indent = ' '.repeat(6);
    const text = this.boxWrap(description, WIDTH - indent.length).replaceAll('\n', `\n${indent}`);
    return `  ${term}\n${indent}${text}`;
  },
};

export const EXAMPLES = `
Each option can also be set by an environment variable: --port 7000 by
RESPITE_PORT=7000, --users-file by RESPITE_USERS_FILE, and so on; or in a file
in the syntax of redis.conf, as: port 7000

Examples:
  respite
      Listen on 127.0.0.1:6379, for this machine only.
  respite --port 7000
      Listen on another port.
  RESPITE_REQUIREPASS=… respite --bind '*'
      Accept connections from other machines, with a password.
  respite --bind '' --unixsocket /run/respite/respite.sock
      Listen on a unix socket only, as a sidecar does.
  respite --appendonly yes --dir /var/lib/respite
      Keep sessions across restarts, crashes and power failures.
  respite /etc/respite.conf
      Read the options from a file. SIGHUP reads it again.
  respite --secret-file /run/secrets/respite
      Give shared sessions the same tokens on several servers.
  respite check /var/lib/respite/journal
      Check that the journal is undamaged.
  respite demo
      Watch the sessions of a simulated shop on a page.

Once it runs, in another terminal:
  redis-cli SESSION.NEW user:42 1800
      Create a session that lasts half an hour.
  redis-cli SESSION.HELP
      List the commands for sessions.`;
