import { extendOf, isToken, MAX_DURATION, MAX_NAME, MAX_SECONDS, type NewSession } from '../engine/index.js';
import { fieldIndexes, JournalError, type JournalRecord } from '../journal/index.js';
import type { Slice } from '../slice.js';
import { settingsIn } from './session-records.js';

const SESSION = fieldIndexes('SESSION');
/** What stands, before the name, for the token of a session that has none. */
const AT = 0x40;
/** Of the records that are about a session. */
const TOKEN = 0;

/** A session as a data set has it, with all of its data. Its slices are good until the next one is read. */
export interface SavedSession {
  readonly name: Slice;
  readonly settings: NewSession & { readonly data: readonly Slice[] };
}

/**
 * Reads the sessions of a data set.
 * @param batches Its records. @param path Of the file, for the message.
 * @param pause Called after each session: a promise to wait for before the next one.
 * @throws JournalError if the records are not those of a data set.
 */
export async function readSavedSessions(
  batches: AsyncIterable<Iterable<JournalRecord>>,
  path: string,
  visit: (session: SavedSession) => void,
  pause: () => Promise<void> | undefined,
): Promise<void> {
  for await (const records of batches) {
    let token: Slice | undefined;
    let session: SavedSession | undefined;
    let data: Slice[] = [];
    for (const record of records) {
      if (record.name === 'SET' && token?.equals(record.slice(TOKEN))) {
        addPairs(data, record);
        continue;
      }
      if (session !== undefined) {
        visit(session);
        const pausing = pause();
        if (pausing !== undefined) await pausing;
      }
      session = undefined;
      token = undefined;
      if (record.name === 'END') continue;
      if (record.name !== 'SESSION') throw unexpected(path, `a ${record.name} record out of its place`);
      data = [];
      session = { name: record.slice(SESSION.name), settings: settingsOf(record, data, path) };
      token = record.slice(TOKEN);
      addPairs(data, record);
    }
    // A session is within one batch.
    if (session !== undefined) visit(session);
  }
}

function settingsOf(record: JournalRecord, data: readonly Slice[], path: string): SavedSession['settings'] {
  const { shared, isString, deleteSession, extendGet, extendSet } = settingsIn(record.integer(SESSION.flags));
  const duration = record.integer(SESSION.duration);
  const maxAge = record.integer(SESSION.maxAge);
  const name = record.slice(SESSION.name);
  const token = record.slice(SESSION.token);
  if (name.length === 0 || name.length > MAX_NAME) throw unexpected(path, 'a session without a proper name');
  // A shared session whose token nobody had asked for has none.
  const tokenless = shared && token.length > 0 && token.bytes[token.start] === AT;
  if (!tokenless && !isToken(token)) throw unexpected(path, 'a session without a proper token');
  if (duration > MAX_DURATION || maxAge > MAX_SECONDS) throw unexpected(path, 'a session that lasts too long');
  return {
    duration,
    deleteSession,
    extend: extendOf(extendGet, extendSet),
    maxAge,
    shared,
    isString,
    tokenless,
    // That of a shared session follows from its name.
    ...(!shared && { token }),
    data,
  };
}

function addPairs(to: Slice[], record: JournalRecord): void {
  for (let i = record.fields; i < record.count; i++) to.push(record.slice(i));
}

function unexpected(path: string, what: string): JournalError {
  return new JournalError(`${path} holds what no data set does: ${what}`);
}
