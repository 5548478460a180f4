import type { OptionName } from '../../config.js';

/** What a reload of the configuration has done. */
export interface ReloadReport {
  /** Options with a new value, or whose file has new content. */
  readonly changed: readonly OptionName[];
  /** Options with a new value, or whose file has new content, that only a restart can apply. */
  readonly restart: readonly OptionName[];
  /** Options that keep the value that CONFIG SET gave them. */
  readonly kept: readonly OptionName[];
  /** How many clients were disconnected because of their user's new permissions, or because it no longer exists. */
  readonly disconnected: number;
}
