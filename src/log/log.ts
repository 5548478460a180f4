/** How important a line is, from the least to the most important. The names are those of Redis. */
export const LEVELS = ['debug', 'verbose', 'notice', 'warning'] as const;

export type LogLevel = (typeof LEVELS)[number];

/** What a line says, for programs that read the log. `undefined` stands for a field that the line does not have. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/**
 * Receives what an operator should know. No line contains a token, a password or data. A message may quote what a
 * client chose, such as its name, so whoever writes the line must escape control characters (`log-format.ts`).
 */
export interface Log {
  /** What the server does in detail, for developers. */
  debug(message: string, fields?: LogFields): void;
  /** What clients do: each connection and its end. */
  verbose(message: string, fields?: LogFields): void;
  /** What happens seldom and is normal: start, stop, compactions. */
  notice(message: string, fields?: LogFields): void;
  /** What an operator should look at. */
  warning(message: string, fields?: LogFields): void;
}

/** A log that an embedding program supplies. Without `debug` and `verbose` those lines are left out. */
export type GivenLog = Pick<Log, 'notice' | 'warning'> & Partial<Log>;

export const silentLog: GivenLog = { notice() {}, warning() {} };
