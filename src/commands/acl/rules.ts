import type { ListedUser } from '../../execution/context/user.js';
import { STREAM_KEY } from '../../stream-key.js';
import { PERMISSIONS, type Permission } from '../declaration/permission.js';

/**
 * The category of commands that need each permission. A command in several needs the permission of the last one
 * (`command-entry.ts`), and in Redis the last rule counts. `monitor` is not there, because no command needs it.
 */
const CATEGORIES = [
  ['read', '@read'],
  ['read', '@scripting'],
  ['write', '@write'],
  ['events', '@pubsub'],
  ['events', '@stream'],
  ['admin', '@admin'],
] as const;

/** What a user may do, as rules of Redis' ACL. */
interface Rules {
  readonly flags: readonly string[];
  readonly commands: string;
  /** Empty if the user may use no keys. */
  readonly keys: string;
  /** Empty if the user may use no channels. */
  readonly channels: string;
}

export function rulesOf({ isEnabled, passwords, permissions }: ListedUser): Rules {
  const mayUse = (name: Permission) => (permissions & PERMISSIONS[name]) !== 0;
  // Commands that need no permission are for everybody.
  const rules = ['+@all'];
  for (const [name, category] of CATEGORIES) {
    if (!mayUse(name)) rules.push(`-${category}`);
    // An earlier rule may have taken some of them away.
    else if (rules.length > 1) rules.push(`+${category}`);
  }
  const flags = [
    isEnabled ? 'on' : 'off',
    ...(isEnabled && passwords.length === 0 ? ['nopass'] : []),
    'sanitize-payload',
  ];
  return {
    flags,
    commands: rules.join(' '),
    keys: mayUse('read') || mayUse('write') ? '~*' : mayUse('events') ? `~${STREAM_KEY}` : '',
    channels: mayUse('events') ? '&*' : '',
  };
}

/** Returns a user as a line of Redis' ACL file. */
export function aclLine(user: ListedUser): string {
  const { flags, commands, keys, channels } = rulesOf(user);
  const digests = user.passwords.map((digest) => `#${digest}`);
  const words = ['user', user.name, ...flags, ...digests, keys, channels === '' ? 'resetchannels' : channels, commands];
  return words.filter((word) => word !== '').join(' ');
}
