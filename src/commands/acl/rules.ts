import type { ListedUser } from '../../execution/context/user.js';
import { PERMISSIONS } from '../declaration/permission.js';

/** The category of Redis for each permission. */
const CATEGORIES = [
  ['read', '@read'],
  ['write', '@write'],
  ['events', '@pubsub'],
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
  const allowed = CATEGORIES.filter(([name]) => (permissions & PERMISSIONS[name]) !== 0);
  const isEverything = allowed.length === CATEGORIES.length;
  const flags = [
    isEnabled ? 'on' : 'off',
    ...(isEnabled && passwords.length === 0 ? ['nopass'] : []),
    'sanitize-payload',
  ];
  return {
    flags,
    commands: isEverything ? '+@all' : ['-@all', ...allowed.map(([, category]) => `+${category}`)].join(' '),
    keys: (permissions & (PERMISSIONS.read | PERMISSIONS.write)) === 0 ? '' : '~*',
    channels: (permissions & PERMISSIONS.events) === 0 ? '' : '&*',
  };
}

/** Returns a user as a line of Redis' ACL file. */
export function aclLine(user: ListedUser): string {
  const { flags, commands, keys, channels } = rulesOf(user);
  const digests = user.passwords.map((digest) => `#${digest}`);
  const words = ['user', user.name, ...flags, ...digests, keys, channels === '' ? 'resetchannels' : channels, commands];
  return words.filter((word) => word !== '').join(' ');
}
