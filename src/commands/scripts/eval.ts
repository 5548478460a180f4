import { CodedError } from '../../errors.js';
import type { Context } from '../../execution/context/context.js';
import type { Script, Scripts } from '../../scripting/scripts.js';
import type { Slice } from '../../slice.js';
import type { Arguments } from '../arguments/arguments.js';
import type { Command } from '../declaration/command.js';
import { NUMKEYS } from '../declaration/key-spec.js';

const NO_SCRIPT = new CodedError('NOSCRIPT', 'No matching script. Please use EVAL.');

/** The length of a SHA-1 in hex. */
const SHA_LENGTH = 40;

/** How the four commands differ. */
interface Variant {
  readonly name: string;
  readonly summary: string;
  readonly isReadOnly: boolean;
  /** The argument that says which script. */
  readonly script: string;
  /** Returns the script of that argument. */
  find(scripts: Scripts, given: Slice): Script;
}

function evaluation({ name, summary, isReadOnly, script, find }: Variant): Command {
  return {
    name,
    summary,
    complexity: 'depends on the script',
    group: 'scripting',
    flags: [...(isReadOnly ? (['readonly'] as const) : []), 'noscript', 'stale', 'skip_monitor', 'no_mandatory_keys'],
    arity: -3,
    arguments: [
      { name: script, type: 'string' },
      { name: NUMKEYS, type: 'integer' },
      { name: 'key', type: 'key', use: isReadOnly ? 'RO access' : 'RW access update', optional: true, multiple: true },
      { name: 'arg', type: 'string', optional: true, multiple: true },
    ],
    ...(isReadOnly ? {} : ({ countsAsWrite: true } as const)),
    reply: 'what the script returns',
    onlyInMemory: 'use the SESSION commands, or run scripts on the store itself with a Redis client',
    run(context, args) {
      const given = args.slice();
      // As in Redis, what cannot be a SHA-1 is refused before the other arguments are looked at.
      if (find === bySha && given.length !== SHA_LENGTH) throw NO_SCRIPT;
      const count = keyCount(args);
      const words = args.rest();
      const found = find(context.server.scripts, given);
      // The commands of the script follow.
      feedMonitors(context, args);
      return context.client.runScript(found, { keys: words.slice(0, count), args: words.slice(count), isReadOnly });
    },
  };
}

function keyCount(args: Arguments): number {
  const count = Number(args.int64());
  if (count > args.left) throw new CodedError('ERR', "Number of keys can't be greater than number of args");
  if (count < 0) throw new CodedError('ERR', "Number of keys can't be negative");
  return count;
}

function feedMonitors({ client, server }: Context, args: Arguments): void {
  if (server.monitors.size > 0) server.monitors.feed(client, args.request);
}

function byText(scripts: Scripts, text: Slice): Script {
  return scripts.load(text, false);
}

function bySha(scripts: Scripts, sha: Slice): Script {
  const found = scripts.find(sha.latin1().toLowerCase());
  if (found === undefined) throw NO_SCRIPT;
  return found;
}

const TEXT = { script: 'script', find: byText };
const SHA = { script: 'sha1', find: bySha };

export const evalText = evaluation({
  name: 'eval',
  summary: 'Runs a Lua script. No command of another client runs in between.',
  isReadOnly: false,
  ...TEXT,
});

export const evalSha = evaluation({
  name: 'evalsha',
  summary: 'Runs a script that the server has loaded, by the SHA-1 of its text.',
  isReadOnly: false,
  ...SHA,
});

export const evalTextReadOnly = evaluation({
  name: 'eval_ro',
  summary: 'Runs a Lua script that must not write.',
  isReadOnly: true,
  ...TEXT,
});

export const evalShaReadOnly = evaluation({
  name: 'evalsha_ro',
  summary: 'Runs a loaded script that must not write, by the SHA-1 of its text.',
  isReadOnly: true,
  ...SHA,
});
