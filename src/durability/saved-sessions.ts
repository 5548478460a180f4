import { extendOf, isToken, MAX_DURATION, MAX_NAME, MAX_SECONDS, type NewSession, nameIn } from '../engine/index.js';
import { fieldIndexes, JournalError, type JournalRecord } from '../journal/index.js';
import type { Slice } from '../slice.js';
import { settingsIn } from './session-records.js';

const SESSION = fieldIndexes('SESSION');
/** Of the records that are about a session. */
const TOKEN = 0;

/** A session as a data set has it, with all of its data. Its slices are good until the next one is read. */
export interface SavedSession {
  readonly name: Slice;
  readonly settings: NewSession;
  /** How many keys it has; a string has one. */
  readonly keys: number;
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
    let begun: Begun | undefined;
    for (const record of records) {
      if (record.name === 'SET' && begun?.token.equals(record.slice(TOKEN))) {
        addPairs(begun.data, record);
        continue;
      }
      if (begun !== undefined) {
        visit(completed(begun, path));
        const pausing = pause();
        if (pausing !== undefined) await pausing;
      }
      begun = undefined;
      if (record.name === 'END') continue;
      if (record.name !== 'SESSION') throw unexpected(path, `a ${record.name} record out of its place`);
      begun = beginningOf(record, path);
    }
    // A session is within one batch.
    if (begun !== undefined) visit(completed(begun, path));
  }
}

/** A session whose data may go on. */
interface Begun {
  readonly name: Slice;
  readonly token: Slice;
  readonly isString: boolean;
  readonly settings: NewSession;
  /** Keys and values in turn. */
  readonly data: Slice[];
}

function beginningOf(record: JournalRecord, path: string): Begun {
  const { shared, isString, deleteSession, extendGet, extendSet } = settingsIn(record.integer(SESSION.flags));
  const duration = record.integer(SESSION.duration);
  const maxAge = record.integer(SESSION.maxAge);
  const name = record.slice(SESSION.name);
  const token = record.slice(SESSION.token);
  if (name.length === 0 || name.length > MAX_NAME) throw unexpected(path, 'a session without a proper name');
  // A shared session whose token nobody had asked for has none.
  const tokenless = shared && nameIn(token) !== undefined;
  if (!tokenless && !isToken(token)) throw unexpected(path, 'a session without a proper token');
  if (duration > MAX_DURATION || maxAge > MAX_SECONDS) throw unexpected(path, 'a session that lasts too long');
  const data: Slice[] = [];
  addPairs(data, record);
  const settings = {
    duration,
    deleteSession,
    extend: extendOf(extendGet, extendSet),
    maxAge,
    shared: tokenless ? 'tokenless' : shared,
    // That of a shared session follows from its name.
    ...(!shared && { token }),
  } as const;
  return { name, token, isString, settings, data };
}

function completed({ name, isString, settings, data }: Begun, path: string): SavedSession {
  const keys = data.length / 2;
  if (!isString) return { name, settings: { ...settings, data }, keys };
  const [key, value] = data;
  if (keys !== 1 || key.length > 0) throw unexpected(path, 'a string that has not just its value');
  return { name, settings: { ...settings, string: value }, keys };
}

function addPairs(to: Slice[], record: JournalRecord): void {
  for (let i = record.fields; i < record.count; i++) to.push(record.slice(i));
}

function unexpected(path: string, what: string): JournalError {
  return new JournalError(`${path} holds what no data set does: ${what}`);
}
