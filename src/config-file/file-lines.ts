import { isUtf8 } from 'node:buffer';
import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { counted } from '../counted.js';
import { readRegularFile } from '../regular-file.js';
import { reasonOf } from '../system-error.js';
import { hasWildcard, matchingPaths } from './matching-paths.js';
import { splitWords } from './words.js';

/** A line of a configuration file. */
interface FileLine {
  /** In lower case. */
  readonly name: string;
  readonly values: readonly string[];
  /** The file as the user wrote it, and the number of the line from 1 on. */
  readonly file: string;
  readonly line: number;
}

/** A mistake in a configuration file. */
interface Problem {
  /** `/etc/respite.conf:12`, or only the file. */
  readonly where: string;
  readonly reason: string;
}

/** The most bytes in a file. Nobody writes a longer one by hand. */
const LONGEST_FILE = 1024 * 1024;
/** How deeply files may include each other, and how many may be read in all. */
const DEEPEST = 16;
const MOST_FILES = 1000;

/** Reads a configuration file, with the files that it includes in place of `include`. */
export class FileLines {
  /** In the order in which they were found. */
  readonly problems: Problem[] = [];
  readonly #onLine: (line: FileLine) => string | undefined;
  #files = 0;

  /** @param onLine Called with each line. Returns what is wrong with it, if anything is. */
  constructor(onLine: (line: FileLine) => string | undefined) {
    this.#onLine = onLine;
  }

  /** Reads a file and those that it includes. Mistakes become `problems`. */
  read(file: string): void {
    this.#readFile(file, file, []);
  }

  /** @param open The files that are being read, from the outermost one: real paths. */
  #readFile(file: string, includedAt: string, open: readonly string[]): void {
    const content = this.#contentOf(file, includedAt, open);
    if (content === undefined) return;
    const { text, path } = content;
    for (const [index, line] of text.split('\n').entries()) this.#readLine(line, file, index + 1, [...open, path]);
  }

  #contentOf(file: string, includedAt: string, open: readonly string[]) {
    if (++this.#files > MOST_FILES) {
      // Said once: every further include would say it again.
      if (this.#files === MOST_FILES + 1) this.#report(includedAt, `more than ${MOST_FILES} files are included`);
      return undefined;
    }
    try {
      const path = realpathSync(file);
      const cycle = open.indexOf(path);
      if (cycle !== -1) throw new Error(`the file includes itself: ${[...open.slice(cycle), path].join(' -> ')}`);
      if (open.length > DEEPEST) throw new Error(`files include each other more than ${DEEPEST} deep`);
      return { text: readText(file), path };
    } catch (error) {
      const reason =
        'code' in (error as object)
          ? `cannot read ${resolve(file)}: ${reasonOf(error)}`
          : String((error as Error).message);
      this.#report(includedAt, reason);
      return undefined;
    }
  }

  #readLine(text: string, file: string, line: number, open: readonly string[]): void {
    const where = `${file}:${line}`;
    // Not \s, which also matches a byte of letters in UTF-8.
    if (/^[ \t\v\f\r]*(?:#|$)/.test(text)) return;
    const words = splitWords(text)?.map((word) => Buffer.from(word, 'latin1'));
    if (words === undefined) {
      this.#report(where, 'a quote is not closed, or its end is not followed by a space');
    } else if (!words.every((word) => isUtf8(word))) {
      this.#report(where, 'this is not UTF-8 text');
    } else {
      const [name, ...values] = words.map(String);
      if (name.toLowerCase() === 'include') this.#include(values, where, open);
      else this.#report(where, this.#onLine({ name: name.toLowerCase(), values, file, line }));
    }
  }

  #include(values: readonly string[], where: string, open: readonly string[]): void {
    if (values.length !== 1) {
      this.#report(where, `include needs one path, but there are ${counted(values.length, 'word')}`);
      return;
    }
    // As in Redis, a pattern may match nothing: a directory of fragments may be empty.
    for (const file of hasWildcard(values[0]) ? matchingPaths(values[0]) : values) this.#readFile(file, where, open);
  }

  #report(where: string, reason: string | undefined): void {
    if (reason !== undefined) this.problems.push({ where, reason });
  }
}

/** @throws Error if it is no readable text file. */
function readText(file: string): string {
  const bytes = contentOf(file);
  if (bytes.includes(0)) throw new Error(`${file} is a binary file, not a configuration file`);
  // Editors on Windows begin a file with a byte order mark.
  return bytes.toString('latin1').replace(/^\xef\xbb\xbf/, '');
}

function contentOf(file: string): Buffer {
  try {
    return readRegularFile(file, LONGEST_FILE);
  } catch (error) {
    throw new Error(`cannot read ${resolve(file)}: ${(error as Error).message}`);
  }
}
