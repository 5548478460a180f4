import { randomBytes } from 'node:crypto';
import { crc32c } from '@node-rs/crc32';
import { JournalError } from './journal-error.js';

/**
 * The format of a journal file. All of it is RESP, so redis-parser can read it, and so can a person:
 *
 *     *4 RESPITE-JOURNAL <version> <id> <CRC-32C of version and id>
 *     *4 BATCH <id> <CRC-32C of the records, 8 hex digits> <records>
 *     *4 BATCH …
 *
 * The records of a batch are RESP as well, arrays of bulk strings: `*4 SET <token> <key> <value>`. A batch has the
 * records of one or more complete turns of the event loop. It is replayed completely or not at all.
 *
 * The id is 64 random bits, known only to those who can read the file. It marks what the journal itself wrote. Values
 * come from clients, and a value that contains a batch must not be taken for a batch of the file when a damaged file is
 * searched for the next good one. The id also distinguishes the batches of a file from older ones in the same blocks of
 * the disk.
 *
 * Version 1 had no strings and no sessions identified by `@name`. Version 2 had no WRITE, ROTATED, PREPARED, REVEALED
 * and FLUSH, and no fractions of a millisecond. In both, the header's checksum covered only the id. Version 3 had no
 * ID. Version 4 had no sets and sorted sets. Version 5 had no KEYDEADLINE and no event stream. They can be read; a file
 * that is written to becomes one of this version.
 */
export const FORMAT_VERSION = 6;

const ID_BYTES = 8;
const ID_LENGTH = 2 * ID_BYTES;
const MAGIC = '*4\r\n$15\r\nRESPITE-JOURNAL\r\n';

/** Characters of a checksum. */
export const CRC_LENGTH = 8;

/** The most bytes that the records of a batch may have, which is what one write can take. */
export const MAX_BATCH = 2 ** 31 - 2 ** 16;

/** Digits of the greatest length of a batch. */
export const MAX_LENGTH_DIGITS = String(MAX_BATCH).length;

export function newFileId(): string {
  return randomBytes(ID_BYTES).toString('hex');
}

export function encodeFileHeader(id: string, version = FORMAT_VERSION): Buffer {
  const crc = hex(crc32c(version < 3 ? id : `${version} ${id}`));
  return Buffer.from(`${MAGIC}$1\r\n${version}\r\n$${ID_LENGTH}\r\n${id}\r\n$${CRC_LENGTH}\r\n${crc}\r\n`, 'latin1');
}

/** Length of a file's header in bytes. */
export const FILE_HEADER_LENGTH = encodeFileHeader(newFileId()).length;

/** The header of a file. */
export interface FileHeader {
  readonly version: number;
  readonly id: string;
}

/**
 * Returns the header at the start of a file, or undefined if there is none.
 * @throws JournalError if this program does not know the version of the format.
 */
export function readFileHeader(bytes: Buffer, file: string): FileHeader | undefined {
  const text = bytes.toString('latin1', 0, FILE_HEADER_LENGTH);
  const version = /^\*4\r\n\$15\r\nRESPITE-JOURNAL\r\n\$\d{1,2}\r\n(\d{1,16})\r\n/.exec(text)?.[1];
  if (version !== undefined && Number(version) > FORMAT_VERSION) {
    throw new JournalError(
      `${file} has version ${version} of the format, but this respite reads only versions up to ${FORMAT_VERSION}: use a newer respite`,
    );
  }
  const id = /\r\n\$16\r\n([0-9a-f]{16})\r\n\$8\r\n/.exec(text)?.[1];
  if (id === undefined || !(Number(version) >= 1)) return undefined;
  if (encodeFileHeader(id, Number(version)).toString('latin1') !== text) return undefined;
  return { version: Number(version), id };
}

/** Returns the bytes that each batch of a file starts with, up to its checksum. */
export function batchPrefix(id: string): Buffer {
  return Buffer.from(`*4\r\n$5\r\nBATCH\r\n$${ID_LENGTH}\r\n${id}\r\n$${CRC_LENGTH}\r\n`, 'latin1');
}

/** Returns the id in what looks like the start of a batch, for a file whose header is lost. */
export function idInBatch(bytes: Buffer): string | undefined {
  return /^\*4\r\n\$5\r\nBATCH\r\n\$16\r\n([0-9a-f]{16})\r\n/.exec(bytes.toString('latin1', 0, 64))?.[1];
}

/** The most bytes before the records of a batch. */
export const MAX_BATCH_HEADER = batchPrefix(newFileId()).length + CRC_LENGTH + '\r\n$\r\n'.length + MAX_LENGTH_DIGITS;

/** Bytes after the records of a batch. */
export const BATCH_TRAILER = '\r\n'.length;

/**
 * Returns the CRC-32C (Castagnoli) of `bytes[start, end)`.
 * @param before The checksum of preceding bytes to be included.
 */
export function checksum(bytes: Buffer, start: number, end: number, before = 0): number {
  return crc32c(bytes.subarray(start, end), before);
}

function hex(crc: number): string {
  return crc.toString(16).padStart(CRC_LENGTH, '0');
}

/**
 * Makes a batch of the records in `bytes[start, end)` by writing its header before them and its end after them. There
 * must be room for MAX_BATCH_HEADER bytes before and BATCH_TRAILER bytes after. Returns where the batch starts.
 */
export function frameBatch(bytes: Buffer, start: number, end: number, prefix: Buffer): number {
  const header = `${hex(checksum(bytes, start, end))}\r\n$${end - start}\r\n`;
  const at = start - header.length - prefix.length;
  bytes.set(prefix, at);
  bytes.write(header, at + prefix.length, 'latin1');
  bytes.write('\r\n', end, 'latin1');
  return at;
}
