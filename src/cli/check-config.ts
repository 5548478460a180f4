import type { Command } from 'commander';
import {
  type Config,
  ConfigError,
  OPTIONS,
  type OptionName,
  optionNames,
  optionWords,
  withDefaults,
} from '../config.js';
import { joinWords } from '../config-file/words.js';
import { readSecret, readUsers, withPassword } from '../credential-files.js';
import { isProtectedBy, refuseExposure } from '../server/protected-mode.js';
import { storeOptions } from '../server/store-options.js';
import { tlsOptions } from '../server/tls.js';
import { Users } from '../server/users.js';
import { webhookSetups } from '../webhooks/webhook-setup.js';
import { configFileOf } from './config-argument.js';
import { unknownVariables } from './given-options.js';
import { type Origin, ProgramConfig } from './program-config.js';

/**
 * Prints the options with which the server would start and where each one comes from, and checks them and the files
 * that they name. Ends the program with an error if the server would refuse to start because of them.
 */
export function checkConfig(program: Command): void {
  const errors = new Errors();
  for (const warning of unknownVariables(process.env)) console.error(`warning: ${warning}`);
  const origins =
    errors.of(() => new ProgramConfig(program, configFileOf(program)).origins()) ?? new Map<never, never>();
  const config = errors.of(() =>
    withDefaults(Object.fromEntries([...origins].map(([name, { value }]) => [name, value]))),
  );
  if (config !== undefined && errors.messages.length === 0) {
    console.log(table(config, origins));
    checkFiles(config, errors);
  }
  if (errors.messages.length > 0) program.error(errors.messages.join('\n').replace(/^/gm, 'error: '));
}

/** Collects the messages of errors. */
class Errors {
  readonly messages: string[] = [];

  /** Returns the result of a function, or undefined if it throws a ConfigError. */
  of<Result>(action: () => Result): Result | undefined {
    try {
      return action();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      this.messages.push(error.message);
      return undefined;
    }
  }
}

/** Checks the files that options name: all of them, and not only the first that is wrong. */
function checkFiles(config: Config, errors: Errors): void {
  const effective = errors.of(() => withPassword(config));
  const users = errors.of(() => new Users(readUsers(config)));
  errors.of(() => readSecret(config));
  errors.of(() => tlsOptions(config));
  errors.of(() => storeOptions(config));
  errors.of(() => webhookSetups(config));
  if (effective !== undefined && users !== undefined) {
    errors.of(() => refuseExposure(effective, isProtectedBy(effective, users)));
  }
}

/** Returns one line for each option, in columns. */
function table(config: Config, origins: ReadonlyMap<OptionName, Origin>): string {
  const rows = [
    ['option', 'value', 'from'],
    ...optionNames.map((name) => [name, shown(name, config), origins.get(name)?.from ?? 'default']),
  ];
  const [first, second] = [0, 1].map((column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map(([name, value, from]) => `${name.padEnd(first)}  ${value.padEnd(second)}  ${from}`).join('\n');
}

/** Returns a value as in a configuration file. Credentials are masked. */
function shown(name: OptionName, config: Config): string {
  if ('hidden' in OPTIONS[name] && config[name] !== '') return '***';
  return joinWords(optionWords(name, config[name]));
}
