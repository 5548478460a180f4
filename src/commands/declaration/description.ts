import type { ReplyEncoder } from '../../resp/reply-encoder.js';
import type { Argument, Group } from './command.js';
import type { CommandEntry } from './command-entry.js';
import { isMovable, writeKeySpec, writePositions } from './key-spec.js';

// Describes a command from its declaration, for COMMAND INFO and COMMAND DOCS.

/** The version that introduced all commands. */
const SINCE = '0.1.0';

/** Returns the ACL categories, derived from flags and group as in Redis. */
export function categoriesOf({ command }: CommandEntry): string[] {
  const { flags, group } = command;
  const categories = [flags.includes('fast') ? '@fast' : '@slow'];
  if (flags.includes('write')) categories.push('@write');
  if (flags.includes('readonly')) categories.push('@read');
  if (flags.includes('pubsub')) categories.push('@pubsub');
  if (flags.includes('admin')) categories.push('@admin', '@dangerous');
  if (flags.includes('blocking')) categories.push('@blocking');
  const ofGroup = GROUP_CATEGORIES[group];
  if (ofGroup !== undefined) categories.push(ofGroup);
  return categories;
}

const GROUP_CATEGORIES: Partial<Record<Group, string>> = {
  connection: '@connection',
  generic: '@keyspace',
  hash: '@hash',
  json: '@json',
  scripting: '@scripting',
  set: '@set',
  'sorted-set': '@sortedset',
  stream: '@stream',
  string: '@string',
  transactions: '@transaction',
};

/** Writes an element of COMMAND INFO's reply. */
export function writeInfo(reply: ReplyEncoder, entry: CommandEntry): void {
  const { command, fullName, arity, subcommands, keys } = entry;
  reply.array(10);
  reply.bulk(fullName);
  reply.integer(arity);
  reply.statuses(keys.some(isMovable) ? [...command.flags, 'movablekeys'] : command.flags);
  writePositions(reply, keys);
  reply.statuses(categoriesOf(entry));
  // No tips, then the key specifications.
  reply.set(0);
  reply.set(keys.length);
  for (const key of keys) writeKeySpec(reply, key);
  // As in Redis: a set if it is empty, otherwise an array.
  if (subcommands.size === 0) reply.set(0);
  else reply.array(subcommands.size);
  for (const subcommand of subcommands.values()) writeInfo(reply, subcommand);
}

/** Writes a command's name and map in the reply to COMMAND DOCS. */
export function writeDocs(reply: ReplyEncoder, { command, fullName, subcommands }: CommandEntry): void {
  reply.bulk(fullName);
  reply.map(4 + (command.arguments.length > 0 ? 1 : 0) + (subcommands.size > 0 ? 1 : 0));
  reply.bulk('summary');
  reply.bulk(command.summary);
  reply.bulk('since');
  reply.bulk(SINCE);
  reply.bulk('group');
  reply.bulk(command.group);
  reply.bulk('complexity');
  reply.bulk(command.complexity);
  if (command.arguments.length > 0) {
    reply.bulk('arguments');
    writeArguments(reply, command.arguments);
  }
  if (subcommands.size > 0) {
    reply.bulk('subcommands');
    reply.map(subcommands.size);
    for (const subcommand of subcommands.values()) writeDocs(reply, subcommand);
  }
}

function writeArguments(reply: ReplyEncoder, args: readonly Argument[]): void {
  reply.array(args.length);
  for (const argument of args) {
    const { name, type, token, optional, multiple } = argument;
    const flags = [...(optional ? ['optional'] : []), ...(multiple ? ['multiple'] : [])];
    const isKey = type === 'key' || type === 'token';
    const shown = type !== 'oneof' && type !== 'block';
    const optionalFields = [shown, isKey, token !== undefined, flags.length > 0, argument.arguments !== undefined];
    reply.map(2 + optionalFields.filter(Boolean).length);
    reply.bulk('name');
    reply.bulk(name);
    reply.bulk('type');
    reply.bulk(isKey ? 'key' : type);
    if (shown) {
      reply.bulk('display_text');
      reply.bulk(name);
    }
    if (isKey) {
      reply.bulk('key_spec_index');
      reply.integer(0);
    }
    if (token !== undefined) {
      reply.bulk('token');
      reply.bulk(token);
    }
    if (flags.length > 0) {
      reply.bulk('flags');
      reply.statuses(flags);
    }
    if (argument.arguments !== undefined) {
      reply.bulk('arguments');
      writeArguments(reply, argument.arguments);
    }
  }
}
