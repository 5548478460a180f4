/** Where the server says what an operator should know: one line each. No line holds a token, a password or data. */
export interface Log {
  notice(line: string): void;
  warning(line: string): void;
}

/** Lines with the time and the level in front, on a stream such as `process.stdout`. */
export function streamLog(stream: { write(text: string): unknown }): Log {
  const write = (level: string) => (line: string) => {
    stream.write(`${new Date().toISOString()} ${level} ${line.replace(/\s*\n\s*/g, ' | ')}\n`);
  };
  return { notice: write('notice'), warning: write('warning') };
}

export const silentLog: Log = { notice() {}, warning() {} };
