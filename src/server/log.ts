/** Receives what an operator should know, as single lines. No line contains a token, a password or data. */
export interface Log {
  notice(line: string): void;
  warning(line: string): void;
}

/** Returns a log that writes lines with time and level to a stream such as `process.stdout`. */
export function streamLog(stream: { write(text: string): unknown }): Log {
  const write = (level: string) => (line: string) => {
    stream.write(`${new Date().toISOString()} ${level} ${line.replace(/\s*\n\s*/g, ' | ')}\n`);
  };
  return { notice: write('notice'), warning: write('warning') };
}

export const silentLog: Log = { notice() {}, warning() {} };
