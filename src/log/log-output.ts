import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs';
import { reasonOf } from '../system-error.js';

/** Where log lines go. */
export interface LogOutput {
  /**
   * Writes complete lines, or as much of them as is possible now. Never throws, and never waits for a reader.
   * @returns Why not all of it was written; undefined if it was.
   */
  write(text: string): string | undefined;
}

/** The most bytes that wait for the reader of a pipe. */
const MOST_UNREAD = 1024 * 1024;

interface TextStream {
  write(text: string): unknown;
  /** How many bytes wait to be written, if the stream has a buffer. */
  readonly writableLength?: number;
}

/** A stream, such as a pipe. If its reader is too slow, lines are dropped: they must not fill the memory. */
export class StreamOutput implements LogOutput {
  readonly #stream: TextStream;

  constructor(stream: TextStream) {
    this.#stream = stream;
  }

  write(text: string): string | undefined {
    if ((this.#stream.writableLength ?? 0) > MOST_UNREAD) return 'nobody reads the log';
    this.#stream.write(text);
    return undefined;
  }
}

/**
 * A file descriptor of a file or a terminal. Each line is written before the next statement runs, so that the last line
 * before a crash is not lost.
 */
class DescriptorOutput implements LogOutput {
  #descriptor: number;
  /** Whether the last line was written in part, so the next one must begin with a line break. */
  #torn = false;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  write(text: string): string | undefined {
    const bytes = Buffer.from(this.#torn ? `\n${text}` : text);
    let done = 0;
    try {
      while (done < bytes.length) done += writeSync(this.#descriptor, bytes, done);
      this.#torn = false;
      return undefined;
    } catch (error) {
      if (done > 0) this.#torn = bytes[done - 1] !== 0x0a;
      return reasonOf(error);
    }
  }

  protected replace(descriptor: number): void {
    const before = this.#descriptor;
    this.#descriptor = descriptor;
    this.#torn = false;
    closeSync(before);
  }
}

/** A log file. Lines are appended to it. */
export class FileOutput extends DescriptorOutput {
  readonly #path: string;

  /** @throws Error of the system if the file cannot be opened. */
  constructor(path: string) {
    super(open(path));
    this.#path = path;
  }

  /**
   * Opens the path again, because the file was renamed to rotate it.
   * @throws Error of the system if that fails. The old file then stays open.
   */
  reopen(): void {
    this.replace(open(this.#path));
  }
}

function open(path: string): number {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK } = constants;
  // A named pipe must not keep the server waiting for its reader. For files the flag means nothing.
  return openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK, 0o640);
}

/** Returns the output for the process' standard error. */
export function standardError(): LogOutput {
  const isBuffered = (() => {
    try {
      const kind = fstatSync(process.stderr.fd);
      return kind.isFIFO() || kind.isSocket();
    } catch {
      // It is closed.
      return false;
    }
  })();
  if (!isBuffered) return new DescriptorOutput(2);
  // The server keeps running if the program that reads its log ends.
  process.stderr.on('error', () => {});
  return new StreamOutput(process.stderr);
}
