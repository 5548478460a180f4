import { isUtf8 } from 'node:buffer';
import { ConfigError, OptionError, visibleOptions } from '../../config.js';
import { CodedError, SYNTAX } from '../../errors.js';
import type { ReloadReport } from '../../execution/context/reload-report.js';
import type { ServerControl } from '../../execution/context/server-control.js';
import { redacted } from '../../execution/observing/redaction.js';
import { globMatcher } from '../../glob.js';
import type { Command } from '../declaration/command.js';
import { container } from '../declaration/container.js';

const get: Command = {
  name: 'get',
  summary: 'Returns the options whose names match one of the patterns.',
  complexity: 'O(N * M), where N is the number of options and M the number of patterns',
  group: 'server',
  flags: ['admin', 'loading', 'stale', 'noscript'],
  arity: -3,
  arguments: [{ name: 'parameter', type: 'pattern', multiple: true }],
  reply: 'map from names to values',
  run({ server, reply }, args) {
    const patterns: ((name: string) => boolean)[] = [];
    while (args.left > 0) patterns.push(globMatcher(args.pattern().toLowerCase()));
    const found = visibleOptions(server.config).filter(([name]) => patterns.some((matches) => matches(name)));
    reply.map(found.length);
    for (const [name, value] of found) {
      reply.bulk(name);
      reply.bulk(value);
    }
  },
};

const set: Command = {
  name: 'set',
  summary: 'Sets options of the running server: all given ones or, on an error, none.',
  complexity: 'O(N), where N is the number of options',
  group: 'server',
  // The value may be a password.
  flags: ['admin', 'loading', 'stale', 'skip_monitor', 'skip_slowlog', 'noscript'],
  arity: -4,
  arguments: [
    {
      name: 'data',
      type: 'block',
      multiple: true,
      arguments: [
        { name: 'parameter', type: 'string' },
        { name: 'value', type: 'string' },
      ],
    },
  ],
  reply: 'OK',
  run({ server, reply }, args) {
    if (args.left % 2 !== 0) throw SYNTAX;
    const words = args.rest().map((slice) => {
      const argument = slice.toBuffer();
      // Options are text. Bytes that are not UTF-8 would be stored as other bytes.
      if (!isUtf8(argument)) throw new CodedError('ERR', 'CONFIG SET failed - names and values must be UTF-8 text');
      return argument.toString();
    });
    const given = words.flatMap((name, i) => (i % 2 === 0 ? [[name, words[i + 1]] as const] : []));
    try {
      server.setOptions(given);
    } catch (error) {
      throw error instanceof OptionError ? refusalOf(error) : error;
    }
    reply.ok();
  },
};

/** Words the error as Redis does. */
function refusalOf({ option, reason }: OptionError): CodedError {
  const name = redacted(Buffer.from(option));
  return new CodedError(
    'ERR',
    reason === undefined
      ? `Unknown option or number of arguments for CONFIG SET - '${name}'`
      : `CONFIG SET failed (possibly related to argument '${name}') - ${reason}`,
  );
}

const resetstat: Command = {
  name: 'resetstat',
  summary: 'Resets the statistics of INFO and LATENCY HISTOGRAM.',
  complexity: 'O(1)',
  group: 'server',
  flags: ['admin', 'loading', 'stale', 'noscript'],
  arity: 2,
  arguments: [],
  reply: 'OK',
  run({ server, reply }) {
    server.resetCounters();
    reply.ok();
  },
};

const reload: Command = {
  name: 'reload',
  summary:
    'Reads the configuration file and the files of users, passwords and certificates again: all or, on an error, nothing.',
  complexity: 'O(N), where N is the number of options, users and clients',
  group: 'server',
  flags: ['admin', 'loading', 'stale', 'noscript'],
  arity: 2,
  arguments: [],
  reply:
    'map: changed (the options with new values), restart (options that need a restart), kept (options that CONFIG SET has changed), disconnected (clients of removed users)',
  run({ server, reply }) {
    const { changed, restart, kept, disconnected } = reloaded(server);
    reply.map(4);
    for (const [key, names] of Object.entries({ changed, restart, kept })) {
      reply.bulk(key);
      reply.array(names.length);
      for (const name of names) reply.bulk(name);
    }
    reply.bulk('disconnected');
    reply.integer(disconnected);
  },
};

function reloaded(server: ServerControl): ReloadReport {
  try {
    return server.reload();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const reasons = error.message.replaceAll('\n', '; ');
    throw new CodedError('ERR', `CONFIG RELOAD failed, so nothing has changed: ${reasons}`);
  }
}

const rewrite: Command = {
  name: 'rewrite',
  summary: 'Writes what CONFIG SET has changed into the configuration file. Comments and other lines stay.',
  complexity: 'O(N), where N is the length of the file',
  group: 'server',
  flags: ['admin', 'loading', 'stale', 'noscript'],
  arity: 2,
  arguments: [],
  reply: 'OK',
  async run({ server, reply }) {
    const { configFile } = server;
    if (configFile === undefined) throw new CodedError('ERR', 'The server is running without a config file');
    try {
      await configFile.rewrite();
    } catch (error) {
      throw new CodedError('ERR', `Rewriting config file: ${(error as Error).message}`);
    }
    reply.ok();
  },
};

export const config = container('config', 'server', "A container for commands about the server's options.", [
  get,
  reload,
  resetstat,
  rewrite,
  set,
]);
