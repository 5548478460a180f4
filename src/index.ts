/** respite as a library: the server for embedding, the session engine by itself, the timing wheel by itself. */
export { type Config, ConfigError } from './config.js';
export type { LoadProgress } from './durability/durability.js';
export * from './engine/index.js';
export { TimingWheel, type TimingWheelOptions } from './engine/time/timing-wheel.js';
export type { ReloadReport } from './execution/context/reload-report.js';
export { JournalDamage, JournalError } from './journal/index.js';
export { streamLog } from './log/line-log.js';
export type { GivenLog, Log, LogFields, LogLevel } from './log/log.js';
export type { ConfigSource } from './server/config-source.js';
export { ListenError } from './server/listen.js';
export { Server, type ServerOptions } from './server/server.js';
export { StopRefused } from './server/stopping.js';
export { UnusableStoreError } from './store/remote-store.js';

import type { Config } from './config.js';
import { Server, type ServerOptions } from './server/server.js';

/**
 * Creates a session server. Call `listen` to start it.
 * @param config Options by their command-line names. An omitted option has its default.
 * @throws ConfigError for a value that is not allowed.
 */
export function createServer(config: Partial<Config> = {}, options: ServerOptions = {}): Server {
  return new Server(config, options);
}
