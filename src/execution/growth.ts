import { findSession } from '../commands/arguments/arguments.js';
import type { CommandEntry } from '../commands/declaration/command-entry.js';
import { keysIn } from '../commands/declaration/key-spec.js';
import { NO_SESSION, type SessionEngine } from '../engine/index.js';
import type { Request } from '../resp/request.js';
import type { QueuedCommand } from './command-queue.js';

/** Bytes that a command takes besides those of its request: a new session and its name. */
const OVERHEAD = 256;
/** What is stored takes so many times its bytes at most, but for the smallest: memory is given out in chunks of certain sizes. */
const ROUNDING = 1.125;

/** How many bytes of memory a request may add at most: the bytes of its own words and an overhead, unless its command knows better. */
function growthOf({ command }: CommandEntry, request: Request): number {
  if (typeof command.growth === 'function') return command.growth(request);
  return request.bytes + OVERHEAD;
}

/** Whether a request may add memory. One of a command that takes memory does as a rule. */
export function takesMemory(entry: CommandEntry, request: Request): boolean {
  return entry.takesMemory && growthOf(entry, request) > 0;
}

/**
 * How many bytes of memory the commands of a transaction may add at most. What a copy adds is what its source holds by then:
 * no more than the largest session that the transaction touches holds now, and all that is added before.
 */
export function growthOfAll(engine: SessionEngine, commands: Iterable<QueuedCommand>): number {
  let growth = 0;
  let copies = 0;
  for (const { entry, request } of commands) {
    if (!entry.takesMemory) continue;
    if (entry.command.growth === 'copy') copies++;
    growth += growthOf(entry, request) + (entry.command.growth === 'copy' ? OVERHEAD : 0);
  }
  growth *= ROUNDING;
  return copies === 0 ? growth : growth + copies * (largest(engine, commands) + growth);
}

/** Bytes of the largest session among those that the requests name. */
function largest(engine: SessionEngine, commands: Iterable<QueuedCommand>): number {
  let most = 0;
  for (const { entry, request } of commands) {
    if (entry.keys === undefined) continue;
    const words = Array.from({ length: request.length }, (_, i) => request.word(i));
    for (const given of keysIn(entry.keys, words)) {
      for (const session of [engine.findShared(given), findSession(engine, given)]) {
        if (session !== NO_SESSION) most = Math.max(most, engine.memoryOf(session));
      }
    }
  }
  return most;
}
