import { CodedError } from '../../errors.js';
import type { Slice } from '../../slice.js';
import type { Command, Group } from './command.js';
import { type KeySpec, keySpecsOf } from './key-spec.js';
import { PERMISSIONS } from './permission.js';

/** A command as dispatch and COMMAND need it: everything that follows from its declaration, computed once. */
export interface CommandEntry {
  readonly command: Command;
  /** The methods of the command. Here, because all entries have the same shape, so V8 finds them quickly. */
  readonly run: Command['run'];
  readonly ask: Command['ask'];
  readonly write: Command['write'];
  readonly inSteps: Command['inSteps'];
  /** Unique, from 0. */
  readonly id: number;
  /** `config|get` for a subcommand. */
  readonly fullName: string;
  /** Words in the name: 2 for a subcommand. */
  readonly nameWords: number;
  readonly arity: number;
  /** Whether the words beyond the arity come in pairs. */
  readonly pairs: boolean;
  /** The subcommands by their own part of the name: `get` for `config|get`. */
  readonly subcommands: ReadonlyMap<string, CommandEntry>;
  /** Where tokens and keys are in a request; empty if it takes none. */
  readonly keys: readonly KeySpec[];
  readonly isFast: boolean;
  readonly needsAuth: boolean;
  /** Bits of `PERMISSIONS`. */
  readonly needs: number;
  /** Whether there must be room for what it may add. */
  readonly takesMemory: boolean;
  /** Whether it runs at once inside MULTI, instead of being queued. */
  readonly immediate: boolean;
  /** Whether it changes sessions. */
  readonly writes: boolean;
  /** Whether it may be called while the journal is being read. */
  readonly whileLoading: boolean;
  /** The error that it gets if a store outside of this process has the sessions; undefined if it works there too. */
  readonly onlyInMemory: CodedError | undefined;
  readonly notInTransaction: boolean;
  /** Whether scripts may not call it. */
  readonly notInScript: boolean;
  /** Whether it may be called while a script has run for too long. */
  readonly whileBusy: boolean;
  /** Whether it ends the transaction even if it is refused: EXEC. */
  readonly endsTransaction: boolean;
  /** Whether CLIENT PAUSE WRITE holds it back, and read-only scripts may not call it. */
  readonly countsAsWrite: boolean;
  /** Whether a RESP2 client with subscriptions may call it. */
  readonly whileSubscribed: boolean;
  readonly hiddenFromMonitor: boolean;
  readonly hiddenFromSlowlog: boolean;
}

let entries = 0;

export function entryOf(command: Command, parent?: Command): CommandEntry {
  const nameWords = parent === undefined ? 1 : 2;
  const has = (flag: Command['flags'][number]) => command.flags.includes(flag);
  return {
    command,
    run: command.run,
    ask: command.ask,
    write: command.write,
    inSteps: command.inSteps,
    id: entries++,
    fullName: parent === undefined ? command.name : `${parent.name}|${command.name}`,
    nameWords,
    arity: command.arity,
    pairs: command.pairs ?? false,
    subcommands: new Map((command.subcommands ?? []).map((sub) => [sub.name, entryOf(sub, command)])),
    keys: keySpecsOf(command, nameWords),
    isFast: has('fast'),
    needsAuth: !has('no_auth'),
    needs: permissionFor(command),
    takesMemory: has('denyoom'),
    writes: has('write'),
    whileLoading: has('loading'),
    onlyInMemory: refusalByStore(command, parent === undefined ? command.name : `${parent.name} ${command.name}`),
    immediate: command.immediate ?? false,
    notInTransaction: has('no_multi'),
    notInScript: has('noscript') || has('no_multi'),
    whileBusy: has('allow_busy'),
    endsTransaction: command.endsTransaction ?? false,
    countsAsWrite: has('write') || command.countsAsWrite === true,
    whileSubscribed: command.whileSubscribed ?? false,
    // As in Redis. Those that read or change all data need the permission of an administrator only here.
    hiddenFromMonitor: has('skip_monitor') || (has('admin') && !has('write') && !has('readonly')),
    hiddenFromSlowlog: has('skip_slowlog'),
  };
}

/** The words of a request: its command's name, and the arguments. */
interface Words {
  readonly length: number;
  word(index: number): Slice;
}

/**
 * Returns the subcommand that a request names; the command itself if it has none, or if the request has no second word.
 * Returns undefined if there is no such subcommand.
 */
export function calledOf(entry: CommandEntry, request: Words): CommandEntry | undefined {
  if (request.length === 1 || entry.subcommands.size === 0) return entry;
  return entry.subcommands.get(request.word(1).latin1().toLowerCase());
}

/** Returns the given commands, each followed by its subcommands. */
export function withSubcommands(entries: Iterable<CommandEntry>): CommandEntry[] {
  return [...entries].flatMap((entry) => [entry, ...entry.subcommands.values()]);
}

/**
 * Returns whether a request for this command may have this number of words: no argument is missing, and every key has a
 * value.
 */
export function takesWords({ arity, pairs }: CommandEntry, words: number): boolean {
  if (arity >= 0) return words === arity;
  return words >= -arity && !(pairs && (words + arity) % 2 === 1);
}

/** The groups of commands on plain keys, which only the memory of this process has. */
const OF_PLAIN_KEYS: ReadonlySet<Group> = new Set(['generic', 'string', 'hash', 'set', 'sorted-set', 'json']);
const FOR_PLAIN_KEYS = 'use a Redis client on the store itself, or the SESSION commands';

function refusalByStore({ group, onlyInMemory }: Command, name: string): CodedError | undefined {
  const isOfKeys = OF_PLAIN_KEYS.has(group);
  if (!isOfKeys && onlyInMemory === undefined) return undefined;
  const works = isOfKeys
    ? 'on plain keys, which the store of the option "store" does not have'
    : 'only on sessions in memory, and the option "store" keeps them elsewhere';
  return new CodedError('ERR', `${name.toUpperCase()} works ${works}: ${onlyInMemory ?? FOR_PLAIN_KEYS}`);
}

/** Returns the permission that a command needs; 0 if every authenticated client may call it. */
function permissionFor({ flags, group }: Command): number {
  if (flags.includes('admin')) return PERMISSIONS.admin;
  if (flags.includes('pubsub') || group === 'stream') return PERMISSIONS.events;
  if (flags.includes('write')) return PERMISSIONS.write;
  // A script can keep the server busy.
  return flags.includes('readonly') || group === 'scripting' ? PERMISSIONS.read : 0;
}
