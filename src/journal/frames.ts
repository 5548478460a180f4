import { randomBytes } from 'node:crypto';
import { crc32c } from '@node-rs/crc32';
import { JournalError } from './journal-error.js';

/**
 * The format of a file of the journal. All of it is RESP, so that redis-parser reads it and a person with a pager can:
 *
 *     *4 RESPITE-JOURNAL <version> <id> <CRC-32C of version and id>
 *     *4 BATCH <id> <CRC-32C of the records, 8 hex digits> <records>
 *     *4 BATCH …
 *
 * and the records of a batch are RESP again, arrays of bulk strings: `*4 SET <token> <key> <value>`. A batch is what one turn
 * of the event loop did, or several, never a part of one; it counts as a whole or not at all.
 *
 * The id is 64 random bits that nobody learns who cannot read the file. It marks what the journal itself wrote: values come
 * from clients, and one that holds a batch must not be taken for one where a damaged file is searched for the next good
 * batch. It also tells a file's batches from those that stood in the same blocks of the disk before.
 *
 * Version 1 had neither strings nor sessions named by `@name`; version 2 had neither WRITE, ROTATED, PREPARED, REVEALED and FLUSH nor fractions of
 * a millisecond; and in both the header's check sum was of the id
 * alone. They are read; a file that is written to becomes one of this version.
 */
export const FORMAT_VERSION = 3;

const ID_BYTES = 8;
const ID_LENGTH = 2 * ID_BYTES;
const MAGIC = '*4\r\n$15\r\nRESPITE-JOURNAL\r\n';

/** Characters of a check sum. */
export const CRC_LENGTH = 8;

/** The most bytes that the records of a batch may have: what one write can take. */
export const MAX_BATCH = 2 ** 31 - 2 ** 16;

/** Digits of the longest length of a batch. */
export const MAX_LENGTH_DIGITS = String(MAX_BATCH).length;

export function newFileId(): string {
  return randomBytes(ID_BYTES).toString('hex');
}

export function encodeFileHeader(id: string, version = FORMAT_VERSION): Buffer {
  const crc = hex(crc32c(version < 3 ? id : `${version} ${id}`));
  return Buffer.from(`${MAGIC}$1\r\n${version}\r\n$${ID_LENGTH}\r\n${id}\r\n$${CRC_LENGTH}\r\n${crc}\r\n`, 'latin1');
}

/** Bytes of a file's header. */
export const FILE_HEADER_LENGTH = encodeFileHeader(newFileId()).length;

/** What the header of a file says. */
export interface FileHeader {
  readonly version: number;
  readonly id: string;
}

/**
 * The header that a file starts with, undefined if it is not one.
 * @throws JournalError if it is the header of a format that this program does not know.
 */
export function readFileHeader(bytes: Buffer, file: string): FileHeader | undefined {
  const text = bytes.toString('latin1', 0, FILE_HEADER_LENGTH);
  const version = /^\*4\r\n\$15\r\nRESPITE-JOURNAL\r\n\$\d{1,2}\r\n(\d{1,16})\r\n/.exec(text)?.[1];
  if (version !== undefined && Number(version) > FORMAT_VERSION) {
    throw new JournalError(
      `${file} has version ${version} of the format and this program knows version ${FORMAT_VERSION}: start a newer one`,
    );
  }
  const id = /\r\n\$16\r\n([0-9a-f]{16})\r\n\$8\r\n/.exec(text)?.[1];
  if (id === undefined || !(Number(version) >= 1)) return undefined;
  if (encodeFileHeader(id, Number(version)).toString('latin1') !== text) return undefined;
  return { version: Number(version), id };
}

/** What each batch of a file starts with, up to its check sum. */
export function batchPrefix(id: string): Buffer {
  return Buffer.from(`*4\r\n$5\r\nBATCH\r\n$${ID_LENGTH}\r\n${id}\r\n$${CRC_LENGTH}\r\n`, 'latin1');
}

/** The id in what looks like the start of a batch, for a file whose header is lost. */
export function idInBatch(bytes: Buffer): string | undefined {
  return /^\*4\r\n\$5\r\nBATCH\r\n\$16\r\n([0-9a-f]{16})\r\n/.exec(bytes.toString('latin1', 0, 64))?.[1];
}

/** Bytes before the records of a batch, at most. */
export const MAX_BATCH_HEADER = batchPrefix(newFileId()).length + CRC_LENGTH + '\r\n$\r\n'.length + MAX_LENGTH_DIGITS;

/** Bytes after them. */
export const BATCH_TRAILER = '\r\n'.length;

/** CRC-32C (Castagnoli) of `bytes[start, end)`. @param before That of the bytes before, if they are a part. */
export function checksum(bytes: Buffer, start: number, end: number, before = 0): number {
  return crc32c(bytes.subarray(start, end), before);
}

function hex(crc: number): string {
  return crc.toString(16).padStart(CRC_LENGTH, '0');
}

/**
 * Makes a batch of the records in `bytes[start, end)`: its header is written right before them, its end after, where there
 * must be MAX_BATCH_HEADER and BATCH_TRAILER bytes of room. Returns where the batch starts.
 */
export function frameBatch(bytes: Buffer, start: number, end: number, prefix: Buffer): number {
  const header = `${hex(checksum(bytes, start, end))}\r\n$${end - start}\r\n`;
  const at = start - header.length - prefix.length;
  bytes.set(prefix, at);
  bytes.write(header, at + prefix.length, 'latin1');
  bytes.write('\r\n', end, 'latin1');
  return at;
}
