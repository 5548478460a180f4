import type { LogFields, LogLevel } from './log.js';

interface LogLine {
  /** In unix ms. */
  readonly time: number;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

/** Formats a line, with the line break. */
export type LogFormat = (line: LogLine) => string;

/** The most characters of a message, or of a field. */
const LONGEST = 8192;

/**
 * Control characters, and those that change the direction of the text or break lines. A client could use them to forge
 * a line, or to control the terminal of whoever reads the log.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is about them.
const UNSAFE = /[\0-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** The formats of log lines: the values of the option `log-format`. */
export const LOG_FORMATS = {
  /** For people: the time, the level, the message. The fields are left out, because the message says what they say. */
  text: ({ time, level, message }) =>
    `${stamp(time)} ${level} ${shortened(message)
      .replace(/\s*\n\s*/g, ' | ')
      .replace(UNSAFE, escaped)}\n`,
  /** For programs: one JSON object a line. */
  json: ({ time, level, message, fields }) => {
    const line = { time: stamp(time), level, message: shortened(message), ...shortenedFields(fields) };
    return `${JSON.stringify(line).replace(UNSAFE, escaped)}\n`;
  },
} satisfies Record<string, LogFormat>;

function stamp(time: number): string {
  return new Date(time).toISOString();
}

function shortened(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

function shortenedFields(fields: LogFields): LogFields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, typeof value === 'string' ? shortened(value) : value]),
  );
}
