import type { Config, OptionName } from '../config.js';

/** Where the options of a server come from. A reload reads them again. */
export interface ConfigSource {
  /** Returns the options that are given now. @throws ConfigError if one of them is wrong. */
  read(): Partial<Config>;
  /** The configuration file, if there is one. */
  readonly file?: RewritableFile | undefined;
}

/** A configuration file, for CONFIG REWRITE. */
export interface RewritableFile {
  readonly path: string;
  /** What comes before the file for this option, such as `command line`; undefined if nothing does. */
  overriddenBy(name: OptionName): string | undefined;
  /**
   * Changes options in the file, so that `read` returns the new values. Resolves when the file is durable; rejects if
   * it still has its old content.
   * @param changes The words of each value.
   * @returns Whether only the owner of the file can read it.
   */
  rewrite(changes: ReadonlyMap<OptionName, readonly string[]>): Promise<{ isPrivate: boolean }>;
}
