/** What is kept on disk: the journal, data sets, the secret, and the lock of their directory. */
export { type GrowthLimits, isCompactionDue } from './auto-compaction.js';
export type { BaseFile } from './base-file.js';
export { type CheckedFile, type CheckOptions, type CheckReport, checkJournal } from './check.js';
export { checkLines } from './check-lines.js';
export { JOURNAL, prepareDataDirectory } from './data-directory.js';
export { DATA_SET_NAME, dataSetIn, isDataSetName } from './data-set-files.js';
export { DataSets, type SavedFile } from './data-sets.js';
export { DirectoryLock } from './directory-lock.js';
export { Journal, type JournalOptions } from './journal.js';
export type { LoadReport } from './journal-directory.js';
export { JournalDamage, JournalError } from './journal-error.js';
export { type JournalRecord, RecordError } from './record-decoder.js';
export type { RecordSink } from './record-sink.js';
export { fieldIndexes, RECORDS, type RecordFields, type RecordName, SessionFlag, type TokenRecord } from './records.js';
export { readOrMakeSecret } from './secret-file.js';
export { leaveStopNote, takeStopNote } from './stop-note.js';
export { UnwrittenChanges } from './unwritten-changes.js';
export type { JournalClock, SyncPolicy } from './writer.js';
