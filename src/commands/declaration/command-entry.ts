import type { Command, CommandFlag } from './command.js';
import { type KeySpec, keySpecOf } from './key-spec.js';
import { PERMISSIONS } from './permission.js';

/** A command as dispatch and COMMAND need it: what its declaration implies, worked out once. */
export interface CommandEntry {
  readonly command: Command;
  /** A number of its own, from 0. */
  readonly id: number;
  /** `config|get` for a subcommand. */
  readonly fullName: string;
  /** Words in the name: 2 for a subcommand. */
  readonly nameWords: number;
  readonly arity: number;
  /** The words beyond the arity come in pairs. */
  readonly pairs: boolean;
  /** What `config|get` and its like are under their own part of the name. */
  readonly subcommands: ReadonlyMap<string, CommandEntry>;
  /** Where its tokens or keys are in a request; undefined if it takes none. */
  readonly keys: KeySpec | undefined;
  readonly needsAuth: boolean;
  /** Bits of `PERMISSIONS`. */
  readonly needs: number;
  /** There must be room for what it may add. */
  readonly takesMemory: boolean;
  /** Inside MULTI it runs at once instead of waiting for EXEC. */
  readonly immediate: boolean;
  /** It changes sessions. */
  readonly writes: boolean;
  /** It looks at sessions, or changes them. */
  readonly usesDatabase: boolean;
  /** It may be called before the journal has been read. */
  readonly whileLoading: boolean;
  readonly notInTransaction: boolean;
  /** If it is refused the transaction is over, as after it has run: EXEC. */
  readonly endsTransaction: boolean;
  /** It may be called by a RESP2 client that subscribes to something. */
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
    id: entries++,
    fullName: parent === undefined ? command.name : `${parent.name}|${command.name}`,
    nameWords,
    arity: command.arity,
    pairs: command.pairs ?? false,
    subcommands: new Map((command.subcommands ?? []).map((sub) => [sub.name, entryOf(sub, command)])),
    keys: keySpecOf(command, nameWords),
    needsAuth: !has('no_auth'),
    needs: permissionFor(command.flags),
    takesMemory: has('denyoom'),
    writes: has('write'),
    usesDatabase: has('write') || has('readonly'),
    whileLoading: has('loading'),
    immediate: command.immediate ?? false,
    notInTransaction: has('no_multi'),
    endsTransaction: command.endsTransaction ?? false,
    whileSubscribed: command.whileSubscribed ?? false,
    hiddenFromMonitor: has('skip_monitor') || has('admin'),
    hiddenFromSlowlog: has('skip_slowlog'),
  };
}

/** Whether a request of so many words can be one of this command: no argument missing, no key without its value. */
export function takesWords({ arity, pairs }: CommandEntry, words: number): boolean {
  if (arity >= 0) return words === arity;
  return words >= -arity && !(pairs && (words + arity) % 2 === 1);
}

/** The permission that a command with these flags needs, 0 if anybody may call it who has authenticated. */
function permissionFor(flags: readonly CommandFlag[]): number {
  if (flags.includes('admin')) return PERMISSIONS.admin;
  if (flags.includes('pubsub')) return PERMISSIONS.events;
  if (flags.includes('write')) return PERMISSIONS.write;
  return flags.includes('readonly') ? PERMISSIONS.read : 0;
}
