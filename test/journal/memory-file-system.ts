import { dirname } from 'node:path';
import type { FileSystem, JournalFile } from '../../src/journal/file-system.js';

interface Range {
  readonly at: number;
  readonly bytes: Buffer;
}

/** The content of a file, and what of it would survive a power failure. */
class Inode {
  content = Buffer.alloc(0);
  durable = Buffer.alloc(0);
  /** What was written since the last sync. */
  dirty: Range[] = [];

  write(at: number, bytes: Buffer): void {
    this.content = overlaid(this.content, at, bytes);
    this.dirty.push({ at, bytes: Buffer.from(bytes) });
  }

  truncate(size: number): void {
    this.content = Buffer.from(this.content.subarray(0, size));
    this.durable = Buffer.from(this.durable.subarray(0, size));
    this.dirty = this.dirty.map(({ at, bytes }) => ({ at, bytes: bytes.subarray(0, Math.max(0, size - at)) }));
  }
}

function overlaid(content: Buffer, at: number, bytes: Buffer): Buffer<ArrayBuffer> {
  const larger = Buffer.alloc(Math.max(content.length, at + bytes.length));
  content.copy(larger);
  bytes.copy(larger, at);
  return larger;
}

/** The contents of a disk: bytes by path. */
export type Disk = Map<string, Buffer>;

/** The outcome of a write or a sync: success, a partial write, or an error. */
export type Outcome = 'ok' | Error | { readonly bytes: number };

interface Call {
  readonly kind: 'write' | 'sync';
  finish(outcome: Outcome): void;
}

/**
 * A file system in memory that knows what is durable. As on Linux, if a sync fails, the data that it should have
 * written is not durable, and the next sync does not write it either.
 */
export class MemoryFileSystem implements FileSystem {
  /** Called before each call that changes something. If it throws, the call fails with that error. */
  onChange: (call: string, path: string) => void = () => {};
  /** Makes writes and syncs wait in `calls` until their `finish` is called. */
  isManual = false;
  readonly calls: Call[] = [];
  /** How many files are open. */
  openFiles = 0;

  #names = new Map<string, Inode>();
  #durableNames = new Map<string, Inode>();

  constructor(disk: Disk = new Map()) {
    for (const [path, bytes] of disk) {
      const inode = new Inode();
      inode.content = Buffer.from(bytes);
      inode.durable = Buffer.from(bytes);
      this.#names.set(path, inode);
      this.#durableNames.set(path, inode);
    }
  }

  /** The contents now, as a killed process leaves them. */
  get disk(): Disk {
    return new Map([...this.#names].map(([path, { content }]) => [path, content]));
  }

  /**
   * What a power failure may leave now. File contents: as they are, as they were last synced, or half-way between.
   * Names: as they are, as they were last synced, or with any one of the later changes.
   */
  get disksAfterPowerFailure(): Disk[] {
    const torn = ({ content, durable }: Inode) => {
      // Half of the new data has been written, but the size is that of all of it.
      const half = Buffer.alloc(content.length);
      durable.copy(half);
      content.copy(half, 0, 0, durable.length + Math.floor((content.length - durable.length) / 2));
      return half;
    };
    const contents = [({ content }: Inode) => content, ({ durable }: Inode) => durable, torn];
    const changed = [...new Set([...this.#names.keys(), ...this.#durableNames.keys()])].filter(
      (path) => this.#names.get(path) !== this.#durableNames.get(path),
    );
    const withOne = changed.map((path) => {
      const names = new Map(this.#durableNames);
      const inode = this.#names.get(path);
      if (inode === undefined) names.delete(path);
      else names.set(path, inode);
      return names;
    });
    return [this.#names, this.#durableNames, ...withOne].flatMap((names) =>
      contents.map((contentOf) => new Map([...names].map(([path, inode]) => [path, contentOf(inode)]))),
    );
  }

  /** A file's bytes, or only the durable ones. */
  content(path: string): Buffer {
    return this.#inode(path).content;
  }

  durable(path: string): Buffer {
    return this.#inode(path).durable;
  }

  async open(path: string, mode: 'read' | 'write' | 'create'): Promise<JournalFile> {
    await this.#turn();
    if (mode === 'create') {
      this.onChange('create', path);
      if (this.#names.has(path)) throw failure('EEXIST');
      this.#names.set(path, new Inode());
    }
    this.openFiles++;
    return this.#file(path, this.#inode(path));
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#turn();
    this.onChange('rename', to);
    this.#names.set(to, this.#inode(from));
    this.#names.delete(from);
  }

  async remove(path: string): Promise<void> {
    await this.#turn();
    this.onChange('remove', path);
    this.#inode(path);
    this.#names.delete(path);
  }

  async list(directory: string): Promise<string[]> {
    return [...this.#names.keys()]
      .filter((path) => dirname(path) === directory)
      .map((path) => path.slice(directory.length + 1));
  }

  async isFile(path: string): Promise<boolean> {
    this.#inode(path);
    return true;
  }

  async makeDirectory(): Promise<void> {}

  async syncDirectory(directory: string): Promise<void> {
    await this.#turn();
    this.onChange('syncDirectory', directory);
    for (const path of new Set([...this.#names.keys(), ...this.#durableNames.keys()])) {
      if (dirname(path) !== directory) continue;
      const inode = this.#names.get(path);
      if (inode === undefined) this.#durableNames.delete(path);
      else this.#durableNames.set(path, inode);
    }
  }

  #file(path: string, inode: Inode): JournalFile {
    let isOpen = true;
    const checkOpen = () => {
      if (!isOpen) throw failure('EBADF');
    };
    return {
      read: async (into, offset, length, position) => {
        checkOpen();
        return inode.content.copy(into, offset, position, Math.min(position + length, inode.content.length));
      },
      write: (bytes, offset, length, position, callback) => {
        checkOpen();
        // The caller must not change the bytes before the call has ended.
        const given = bytes.subarray(offset, offset + length);
        this.#call('write', path, (outcome) => {
          if (outcome instanceof Error) return callback(outcome, 0);
          const count = outcome === 'ok' ? length : Math.min(length, outcome.bytes);
          inode.write(position, given.subarray(0, count));
          callback(null, count);
        });
      },
      look: (callback) => callback(null),
      sync: (callback) => {
        checkOpen();
        const covered = inode.dirty;
        inode.dirty = [];
        this.#call('sync', path, (outcome) => {
          if (outcome instanceof Error) return callback(outcome);
          for (const { at, bytes } of covered) inode.durable = overlaid(inode.durable, at, bytes);
          callback(null);
        });
      },
      truncate: async (size) => {
        checkOpen();
        this.onChange('truncate', path);
        inode.truncate(size);
      },
      size: async () => inode.content.length,
      close: async () => {
        checkOpen();
        isOpen = false;
        this.openFiles--;
      },
    };
  }

  #call(kind: 'write' | 'sync', path: string, finish: (outcome: Outcome) => void): void {
    if (this.isManual) {
      const call = {
        kind,
        finish: (outcome: Outcome) => {
          this.calls.splice(this.calls.indexOf(call), 1);
          finish(outcome);
        },
      };
      this.calls.push(call);
      return;
    }
    setImmediate(() => {
      let outcome: Outcome = 'ok';
      try {
        this.onChange(kind, path);
      } catch (error) {
        outcome = error as Error;
      }
      finish(outcome);
    });
  }

  #turn(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  #inode(path: string): Inode {
    const inode = this.#names.get(path);
    if (inode === undefined) throw failure('ENOENT');
    return inode;
  }
}

export function failure(code: string): Error {
  return Object.assign(new Error(code), { code });
}
