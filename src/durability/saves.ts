import { join } from 'node:path';
import { counted } from '../counted.js';
import { type Clock, isToken, type SessionEngine, SessionError } from '../engine/index.js';
import { TimeSlices } from '../engine/time/time-slices.js';
import { CodedError, OUT_OF_MEMORY } from '../errors.js';
import {
  type BaseFile,
  DATA_SET_NAME,
  DataSets,
  DirectoryLock,
  isDataSetName,
  JournalError,
  prepareDataDirectory,
} from '../journal/index.js';
import type { EventLog } from '../log/log-events.js';
import { Slice } from '../slice.js';
import type { Durability } from './durability.js';
import { exists, LoadingSession, SkippedSession } from './loading-session.js';
import {
  type PieceTarget,
  readSavedSessions,
  type SavedHead,
  type SavedSession,
  type SavedSessionVisitor,
} from './saved-sessions.js';
import { writeHead, writeSession } from './session-records.js';
import { SessionsWriter } from './sessions-writer.js';
import { NEVER, WallTime } from './wall-time.js';

interface SavesOptions {
  /** The server's directory. Data sets are in `saves` below it, which is created when needed. */
  readonly directory: string;
  readonly clock: Clock;
  /** Keeps sessions across restarts, if anything does. Data sets are loaded no faster than the journal is written. */
  readonly durability: Durability | undefined;
  readonly log: Pick<EventLog, 'notice' | 'warning'>;
}

/** What was saved. */
interface SavedDataSet {
  readonly sessions: number;
  readonly keys: number;
  /** Size of the file. */
  readonly bytes: number;
  readonly ms: number;
}

/** What was loaded. */
interface LoadedDataSet {
  readonly sessions: number;
  readonly keys: number;
  /** Sessions that already existed and were left unchanged. */
  readonly skipped: number;
  /** Sessions that were not created because their MAXAGE had ended. */
  readonly ended: number;
}

/** What has been loaded so far. */
type Done = { -readonly [Count in keyof LoadedDataSet]: LoadedDataSet[Count] };

/** The state of saves. */
interface SavesStatus {
  /** Changes to sessions since all were last saved. */
  readonly changes: number;
  /** How many ms ago the current save began; undefined if there is none. */
  readonly running: number | undefined;
  /** When all sessions were last saved, or else when the server started, in unix ms. */
  readonly lastSave: number;
  /** Whether the latest save of all sessions succeeded. */
  readonly lastOk: boolean;
  /** How many ms the last successful save of all sessions took; undefined before the first. */
  readonly lastMs: number | undefined;
  /** The number of successful saves of all sessions. */
  readonly count: number;
}

/** The data set that Redis' own commands save to. */
export const DUMP = 'dump';

/** While more bytes than this wait for the journal's disk, loading waits too. */
const MAX_PENDING = 32 * 1024 * 1024;

const SAVING = new CodedError('ERR', 'Background save already in progress');
const STOPPING = new CodedError('ERR', 'the server is stopping');

/** Saves sessions as named data sets and loads them again, while clients are served. */
export class Saves {
  readonly #options: SavesOptions;
  readonly #directory: string;
  readonly #sets: DataSets;
  readonly #engine: SessionEngine;
  #saving: Promise<SavedDataSet> | undefined;
  readonly #loading = new Set<Promise<LoadedDataSet>>();
  #began = 0;
  #lastSave: number;
  #lastOk = true;
  #lastMs: number | undefined;
  #count = 0;
  #changesThen = 0;
  #closing = false;

  constructor(options: SavesOptions, engine: SessionEngine) {
    this.#options = options;
    this.#directory = join(options.directory, 'saves');
    this.#sets = new DataSets(this.#directory);
    this.#engine = engine;
    this.#lastSave = options.clock.wall();
  }

  get status(): SavesStatus {
    return {
      changes: this.#engine.changes - this.#changesThen,
      running: this.#saving !== undefined ? this.#options.clock.now() - this.#began : undefined,
      lastSave: this.#lastSave,
      lastOk: this.#lastOk,
      lastMs: this.#lastMs,
      count: this.#count,
    };
  }

  /** Counts the changes so far as saved, because they were read from the journal. */
  forgetChanges(): void {
    this.#changesThen = this.#engine.changes;
  }

  /**
   * Saves all sessions that exist throughout the save, or only those of `tokens`. Each is saved as it is at some moment
   * during the save.
   * @param tokens The tokens of the sessions to save. Sessions that end during the save are left out.
   * @throws CodedError immediately if the name is invalid, another save is under way, or the server is stopping.
   *   Rejects with one if the disk fails; no file is left then.
   */
  save(name: string, tokens?: readonly Buffer[]): Promise<SavedDataSet> {
    checkName(name);
    if (this.#saving !== undefined) throw SAVING;
    if (this.#closing) throw STOPPING;
    this.#began = this.#options.clock.now();
    this.#saving = this.#save(name, tokens).finally(() => {
      this.#saving = undefined;
    });
    return this.#saving;
  }

  /** Like `save`, but first waits for a save that is under way. */
  async saveNext(name: string): Promise<SavedDataSet> {
    while (this.#saving !== undefined) await this.#saving.catch(() => {});
    return this.save(name);
  }

  /**
   * Creates the sessions of the newest data set of a name. Sessions that already exist, by their token or as the shared
   * session of their name, are left unchanged. Keys keep their deadlines, so those that are past expire. A damaged data set is refused before any session is created.
   * @param restart Whether each session's MAXAGE starts again. Otherwise it ends when it would have ended before.
   * @throws CodedError if there is no such data set, it is damaged, memory is full, or the journal cannot be written.
   *   Its message says what had been loaded by then.
   */
  async load(name: string, restart = false): Promise<LoadedDataSet> {
    checkName(name);
    if (this.#closing) throw STOPPING;
    const loading = this.#load(name, restart);
    this.#loading.add(loading);
    try {
      return await loading;
    } finally {
      this.#loading.delete(loading);
    }
  }

  /** Aborts saving and loading. Resolves when both have ended. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#sets.close();
    await Promise.allSettled([this.#saving, ...this.#loading]);
  }

  async #save(name: string, tokens: readonly Buffer[] | undefined): Promise<SavedDataSet> {
    const { clock, log } = this.#options;
    const engine = this.#engine;
    const { changes } = engine;
    try {
      const { bytes, sessions, keys } = await this.#write(name, tokens);
      const ms = clock.now() - this.#began;
      if (tokens === undefined) {
        this.#lastSave = clock.wall();
        this.#lastOk = true;
        this.#lastMs = ms;
        this.#count++;
        this.#changesThen = changes;
      }
      log.notice(`saved ${counted(sessions, 'session')} as ${name}: ${bytes} bytes in ${Math.round(ms)} ms`, {
        event: 'data-set',
        state: 'saved',
        name,
        sessions,
        bytes,
        ms: Math.round(ms),
      });
      return { sessions, keys, bytes, ms };
    } catch (error) {
      if (tokens === undefined) this.#lastOk = false;
      const clientError = clientErrorOf(error, `could not save ${name}: `);
      log.warning(clientError.message, { event: 'save-failure', name });
      throw clientError;
    }
  }

  async #write(name: string, tokens: readonly Buffer[] | undefined) {
    const { clock } = this.#options;
    const engine = this.#engine;
    const wall = new WallTime(clock);
    let sessions = 0;
    let keys = 0;
    const writeState = (base: BaseFile) => {
      const writer = new SessionsWriter(engine, clock, base, {
        // The duration starts again when the session is loaded, so no deadline is saved.
        whole: (session) => writeSession(base.records, engine, session, NEVER, wall),
        head: (session) => writeHead(base.records, engine, session, NEVER, wall),
        done: (session) => {
          sessions++;
          keys += engine.data.count(session);
        },
        wall,
        isForwarding: true,
      });
      return tokens === undefined ? writer.writeByAge() : writer.writeThose(tokens);
    };
    prepareDataDirectory(this.#directory);
    const lock = DirectoryLock.take(this.#directory);
    try {
      const { bytes } = await this.#sets.save(name, clock.wall(), writeState);
      return { bytes, sessions, keys };
    } finally {
      lock.release();
    }
  }

  async #load(name: string, restart: boolean): Promise<LoadedDataSet> {
    const { clock, log } = this.#options;
    const began = clock.now();
    const done = { sessions: 0, keys: 0, skipped: 0, ended: 0 };
    const wall = new WallTime(clock);
    let isGood = false;
    try {
      const path = await this.#sets.newest(name);
      if (path === undefined) throw new CodedError('NODATASET', 'no such data set: SESSION.SAVE creates one');
      await this.#read(path, wall, restart, { whole: () => {}, begin: () => new SkippedSession() });
      isGood = true;
      await this.#read(path, wall, restart, {
        whole: (session) => this.#create(session, done),
        begin: (head) => this.#begin(head, done),
      });
    } catch (error) {
      throw clientErrorOf(
        error,
        '',
        isGood ? `; ${counted(done.sessions, 'session')} loaded before that, ${done.skipped} skipped` : '',
      );
    }
    const { sessions, skipped, ended } = done;
    const ms = Math.round(clock.now() - began);
    log.notice(
      `loaded ${counted(sessions, 'session')} from ${name} in ${ms} ms; ` +
        `${skipped} already existed, ${ended} had reached their MAXAGE`,
      { event: 'data-set', state: 'loaded', name, sessions, skipped, ended, ms },
    );
    return done;
  }

  /** Visits the sessions of a file while clients are served. */
  #read(path: string, wall: WallTime, restart: boolean, visitor: Omit<SavedSessionVisitor, 'pause'>): Promise<void> {
    const slices = new TimeSlices(this.#options.clock);
    const pause = () => {
      if (this.#closing) throw STOPPING;
      return slices.isOver || this.#engine.isHeld ? this.#rest(slices) : undefined;
    };
    return readSavedSessions(this.#sets.read(path), path, { ...visitor, pause }, wall, restart);
  }

  async #rest(slices: TimeSlices): Promise<void> {
    const { durability } = this.#options;
    // If the disk fails, creating the next session reports it.
    if ((durability?.status?.pendingBytes ?? 0) > MAX_PENDING) await durability?.flush().catch(() => {});
    do await slices.next();
    while (this.#engine.isHeld && !this.#closing);
  }

  /** Begins to load a session whose data comes in pieces. */
  async #begin(head: SavedHead, done: Done): Promise<PieceTarget> {
    const engine = this.#engine;
    if (this.#hasEnded(head)) return new SkippedSession(() => done.ended++);
    const skipped = () => {
      done.skipped++;
    };
    if (exists(engine, head)) return new SkippedSession(skipped);
    const { durability } = this.#options;
    const release = await durability?.holdCompactions();
    if (this.#closing) {
      release?.();
      throw STOPPING;
    }
    return new LoadingSession({
      engine,
      recorder: durability?.recorder,
      check: () => this.#checkRoom(),
      onCreated: (keys) => {
        done.sessions++;
        done.keys += keys;
      },
      onSkipped: skipped,
      onEnd: () => release?.(),
    });
  }

  /** Whether a session's MAXAGE has ended since it was saved. */
  #hasEnded({ settings }: Pick<SavedHead, 'settings'>): boolean {
    return (settings.maxAgeEnd ?? Infinity) <= this.#options.clock.now();
  }

  #checkRoom(): void {
    const refusal = this.#options.durability?.refusal;
    if (refusal !== undefined) throw refusal;
    if (!this.#engine.makeRoom()) throw OUT_OF_MEMORY;
  }

  #create(session: SavedSession, done: Done): void {
    if (this.#hasEnded(session)) {
      done.ended++;
      return;
    }
    const engine = this.#engine;
    const { name, settings, deadlines, keys } = session;
    this.#checkRoom();
    try {
      const created = engine.create(name, settings);
      // A key that is due goes at once. Only the last one may take the session with it.
      for (const { key, deadline } of deadlines) engine.data.setKeyDeadline(created, key, deadline);
      done.sessions++;
      done.keys += keys;
    } catch (error) {
      if (!(error instanceof SessionError) || error.code !== 'SESSIONEXISTS') throw error;
      done.skipped++;
    }
  }
}

function checkName(name: string): void {
  // The name appears in log lines and directory listings.
  if (isToken(Slice.of(name))) {
    throw new CodedError('ERR', 'the name of a data set must not look like a token');
  }
  if (!isDataSetName(name)) throw new CodedError('ERR', DATA_SET_NAME);
}

/** Returns an error as the client sees it. An error that comes from a bug is returned unchanged. */
function clientErrorOf(error: unknown, before: string, after = ''): Error {
  if (error instanceof CodedError) {
    return after === '' ? error : new CodedError(error.code, `${error.message.replace(/\.$/, '')}${after}`);
  }
  if (error instanceof JournalError || error instanceof RangeError) {
    return new CodedError('ERR', `${before}${error.message}${after}`, { cause: error });
  }
  return error as Error;
}
