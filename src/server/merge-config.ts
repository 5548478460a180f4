import { type Config, checkTogether, formatOption, OPTIONS, type OptionName, optionNames } from '../config.js';

/** How a server continues after its options have been read again. */
export interface MergedConfig {
  /** The config to continue with. */
  readonly config: Config;
  /** What the sources say, except that options that need a restart have their old value. */
  readonly given: Config;
  /** Options with a new value. */
  readonly changed: readonly OptionName[];
  /** Options whose new value only a restart can apply. */
  readonly restart: readonly OptionName[];
  /** Options that keep the value that CONFIG SET gave them, because the sources still say the same. */
  readonly kept: readonly OptionName[];
}

/** TLS and client certificates can be switched on or off only by a restart. */
const SWITCHES: readonly OptionName[] = ['tls-cert', 'tls-key', 'tls-ca'];

/**
 * Applies what has changed in the sources of options to the config of a running server. An option whose source has not
 * changed keeps its current value, even if CONFIG SET has changed it: a reload because of a new certificate must not
 * undo that.
 * @param now The current config.
 * @param before What the sources said when they were last read.
 * @param next What they say now.
 * @throws ConfigError if the result is not valid.
 */
export function mergeConfig(now: Config, before: Config, next: Config): MergedConfig {
  const config: Record<string, Config[OptionName]> = { ...now };
  const given: Record<string, Config[OptionName]> = { ...next };
  const changed: OptionName[] = [];
  const restart: OptionName[] = [];
  const kept: OptionName[] = [];
  for (const name of optionNames) {
    if (isSame(name, before, next)) {
      if (!isSame(name, now, next)) kept.push(name);
    } else if (needsRestart(name, before, next)) {
      restart.push(name);
      given[name] = before[name];
    } else {
      if (!isSame(name, now, next)) changed.push(name);
      config[name] = next[name];
    }
  }
  checkTogether(config as Config);
  return { config: config as Config, given: given as Config, changed, restart, kept };
}

/** Whether an option has the same value in two configs. */
export function isSame(name: OptionName, one: Config, other: Config): boolean {
  return formatOption(name, one[name]) === formatOption(name, other[name]);
}

function needsRestart(name: OptionName, before: Config, next: Config): boolean {
  const option = OPTIONS[name];
  if (!('live' in option) && !('reloads' in option)) return true;
  return SWITCHES.includes(name) && (before[name] === '') !== (next[name] === '');
}
