import type { CommandEntry } from '../commands/declaration/command-entry.js';
import { keysIn } from '../commands/declaration/key-spec.js';
import { MAX_DATABASES } from '../databases.js';
import { keyNameIn, NO_SESSION, type SessionEngine } from '../engine/index.js';
import type { Request } from '../resp/request.js';
import type { Slice } from '../slice.js';
import { findSession } from '../store/memory/find-session.js';
import type { QueuedCommand } from './command-queue.js';

/** Bytes that a command may add besides those of its request: a new session and its name. */
const OVERHEAD = 256;
/**
 * Stored data takes at most this many times its bytes, unless it is very small: memory is allocated in chunks of fixed
 * sizes.
 */
const ROUNDING = 1.125;

/**
 * Returns the most bytes of memory that a request may add: those of its words plus an overhead, unless its command says
 * otherwise.
 */
function growthOf({ command }: CommandEntry, request: Request): number {
  if (typeof command.growth === 'function') return command.growth(request);
  return request.bytes + OVERHEAD;
}

/** Returns whether a request may add memory. Most requests of commands with `takesMemory` may. */
export function takesMemory(entry: CommandEntry, request: Request): boolean {
  return entry.takesMemory && growthOf(entry, request) > 0;
}

/**
 * Returns the most bytes of memory that the commands of a transaction may add. A copy adds what its source then holds:
 * at most what the largest session in the transaction holds now, plus everything added before.
 * @param database The one that the first commands run in.
 */
export function growthOfAll(engine: SessionEngine, database: number, commands: Iterable<QueuedCommand>): number {
  let growth = 0;
  let copies = 0;
  for (const { entry, request } of commands) {
    if (!entry.takesMemory) continue;
    const copied = entry.command.growth === 'copy' ? copiedKeys(entry, request) : 0;
    copies += copied;
    growth += growthOf(entry, request) + (copied > 0 ? OVERHEAD : 0);
  }
  growth *= ROUNDING;
  return copies === 0 ? growth : growth + copies * (largest(engine, database, commands) + growth);
}

/** Returns how many keys a request copies to another key. */
function copiedKeys({ keys }: CommandEntry, request: Request): number {
  return Math.max(1, keysIn(keys, wordsOf(request)).length - 1);
}

function wordsOf(request: Request): Slice[] {
  return Array.from({ length: request.length }, (_, i) => request.word(i));
}

/** Returns the memory of the largest session that the requests name, in bytes. */
function largest(engine: SessionEngine, database: number, commands: Iterable<QueuedCommand>): number {
  let current = database;
  let most = 0;
  for (const { entry, request } of commands) {
    if (entry.fullName === 'select') current = selected(request) ?? current;
    for (const given of keysIn(entry.keys, wordsOf(request))) {
      for (const session of [
        engine.findShared(current === 0 ? given : keyNameIn(current, given)),
        findSession(engine, given),
      ]) {
        if (session !== NO_SESSION) most = Math.max(most, engine.memoryOf(session));
      }
    }
  }
  return most;
}

/** Returns the database that a SELECT in a transaction is going to select, if it succeeds. */
function selected(select: Request): number | undefined {
  const database = Number(select.word(1).latin1());
  return Number.isInteger(database) && database >= 0 && database < MAX_DATABASES ? database : undefined;
}
