import { CodedError, noPermission, SYNTAX } from '../../errors.js';
import type { Client } from '../../execution/context/client.js';
import type { Context } from '../../execution/context/context.js';
import type { TrackingOptions, TrackingState } from '../../execution/context/tracking.js';
import type { Arguments } from '../arguments/arguments.js';
import type { Argument, Command } from '../declaration/command.js';
import { PERMISSIONS } from '../declaration/permission.js';
import { CHANNEL_TOO_LONG, MAX_CHANNEL } from '../pubsub/channel.js';

// CLIENT TRACKING, CACHING, GETREDIR and TRACKINGINFO, for clients that cache what they read.

const ONLY_IN_MEMORY = 'other processes change the sessions of a store too, so clients cannot use a cache';

/** The most prefixes of one client. A change is compared with each. */
const MAX_PREFIXES = 1000;

const word = (token: string): Argument => ({ name: token.toLowerCase(), type: 'pure-token', token });
const option = (token: string): Argument => ({ ...word(token), optional: true });

const OPTIONS = ['REDIRECT', 'PREFIX', 'BCAST', 'OPTIN', 'OPTOUT', 'NOLOOP'].map((each) => ({ word: each }));

const refused = (message: string) => new CodedError('ERR', message);

/** The arguments of CLIENT TRACKING after ON or OFF. */
interface Given {
  readonly words: ReadonlySet<string>;
  readonly redirect: number;
  readonly prefixes: readonly string[];
}

function readGiven({ server }: Context, args: Arguments): Given {
  const words = new Set<string>();
  const prefixes: string[] = [];
  let redirect = 0;
  while (args.left > 0) {
    const found = args.option(OPTIONS);
    if (found === undefined) throw SYNTAX;
    words.add(found.word);
    if (found.word === 'REDIRECT') {
      if (redirect !== 0) throw refused('A client can only redirect to a single other client');
      redirect = Number(args.int64());
      if (!server.clients.has(redirect)) throw refused('The client ID you want redirect to does not exist');
    } else if (found.word === 'PREFIX') {
      const prefix = args.slice().latin1();
      if (prefix.length > MAX_CHANNEL) throw CHANNEL_TOO_LONG;
      prefixes.push(prefix);
    }
  }
  return { words, redirect, prefixes };
}

/** Returns the options. @throws CodedError, in Redis' words, if they exclude each other or the current ones. */
function checked({ words, redirect, prefixes }: Given, current: TrackingState | undefined): TrackingOptions {
  const [bcast, optin, optout] = ['BCAST', 'OPTIN', 'OPTOUT'].map((each) => words.has(each));
  if (!bcast && prefixes.length > 0) throw refused('PREFIX option requires BCAST mode to be enabled');
  if (current !== undefined && (current.mode === 'bcast') !== bcast) throw cannotSwitch('BCAST mode on/off');
  if (bcast && (optin || optout)) throw refused('OPTIN and OPTOUT are not compatible with BCAST');
  if (optin && optout) throw refused("You can't specify both OPTIN mode and OPTOUT mode");
  if ((optin && current?.mode === 'optout') || (optout && current?.mode === 'optin')) {
    throw cannotSwitch('OPTIN/OPTOUT mode');
  }
  const mode = bcast ? 'bcast' : optin ? 'optin' : optout ? 'optout' : 'read';
  return { mode, redirect, noloop: words.has('NOLOOP') };
}

const cannotSwitch = (what: string) =>
  refused(
    `You can't switch ${what} before disabling tracking for this client, and then re-enabling it with a different mode.`,
  );

/** @throws CodedError if a prefix begins with another one: the client would be notified of some keys twice. */
function checkPrefixes(prefixes: readonly string[], known: Iterable<string>): void {
  const overlap = (one: string, other: string) => one.startsWith(other) || other.startsWith(one);
  const already = [...known];
  for (const [i, prefix] of prefixes.entries()) {
    const old = already.find((other) => overlap(prefix, other));
    if (old !== undefined) throw overlapping(prefix, 'an existing prefix', old);
    const given = prefixes.slice(i + 1).find((other) => overlap(prefix, other));
    if (given !== undefined) throw overlapping(prefix, 'another provided prefix', given);
  }
  if (already.length + prefixes.length > MAX_PREFIXES)
    throw refused(`a client cannot have more than ${MAX_PREFIXES} prefixes`);
}

const overlapping = (prefix: string, what: string, other: string) =>
  refused(`Prefix '${prefix}' overlaps with ${what} '${other}'. Prefixes for a single client must not overlap.`);

export const clientTracking: Command = {
  name: 'tracking',
  summary: 'Turns notifications of changed keys on or off, for this connection or another one.',
  complexity: 'O(N * N), where N is the number of prefixes',
  group: 'connection',
  onlyInMemory: ONLY_IN_MEMORY,
  flags: ['loading', 'stale', 'noscript'],
  arity: -3,
  arguments: [
    { name: 'status', type: 'oneof', arguments: [word('ON'), word('OFF')] },
    { name: 'client-id', type: 'integer', token: 'REDIRECT', optional: true },
    { name: 'prefix', type: 'string', token: 'PREFIX', optional: true, multiple: true },
    option('BCAST'),
    option('OPTIN'),
    option('OPTOUT'),
    option('NOLOOP'),
  ],
  reply: 'OK',
  run(context, args) {
    const { client, server, reply } = context;
    const isOn = args.choice('ON', 'OFF') === 'ON';
    const given = readGiven(context, args);
    if (isOn) {
      const options = checked(given, client.tracking);
      if (options.mode === 'bcast') {
        // It is sent the names of all keys, as with keyspace events.
        if ((PERMISSIONS.events & ~(client.user?.permissions ?? 0)) !== 0) {
          throw noPermission(client.user?.name ?? 'default', 'client|tracking');
        }
        checkPrefixes(given.prefixes, client.tracking?.prefixes ?? []);
      }
      server.tracking.start(client, options, given.prefixes);
    } else {
      server.tracking.stop(client);
    }
    reply.ok();
  },
};

export const clientCaching: Command = {
  name: 'caching',
  summary: 'With OPTIN or OPTOUT, says whether to track the keys that the next command or transaction reads.',
  complexity: 'O(1)',
  group: 'connection',
  onlyInMemory: ONLY_IN_MEMORY,
  flags: ['loading', 'stale', 'noscript'],
  arity: 3,
  arguments: [{ name: 'mode', type: 'oneof', arguments: [word('YES'), word('NO')] }],
  reply: 'OK',
  run({ client, reply }, args) {
    const { tracking } = client;
    if (tracking === undefined) {
      throw refused(
        'CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled',
      );
    }
    const caching = args.choice('YES', 'NO') === 'YES' ? 'yes' : 'no';
    if (caching === 'yes' && tracking.mode !== 'optin') {
      throw refused('CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.');
    }
    if (caching === 'no' && tracking.mode !== 'optout') {
      throw refused('CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.');
    }
    tracking.caching = caching;
    reply.ok();
  },
};

/** Returns the id of the connection that is notified instead; 0 for none, -1 if the client does not track. */
export function redirectOf({ tracking }: Pick<Client, 'tracking'>): number {
  return tracking === undefined ? -1 : tracking.redirect;
}

export const clientGetredir: Command = {
  name: 'getredir',
  summary: 'Returns the connection that is notified of changed keys instead of this one.',
  complexity: 'O(1)',
  group: 'connection',
  flags: ['loading', 'stale', 'noscript'],
  arity: 2,
  arguments: [],
  reply: 'its ID; 0 if it is this one, -1 if this connection does not track',
  run({ client, reply }) {
    reply.integer(redirectOf(client));
  },
};

function flagsOf(tracking: TrackingState | undefined): string[] {
  if (tracking === undefined) return ['off'];
  const { mode, caching, noloop, isBroken } = tracking;
  return [
    'on',
    ...(mode === 'read' ? [] : [mode]),
    ...(caching === undefined ? [] : [`caching-${caching}`]),
    ...(noloop ? ['noloop'] : []),
    ...(isBroken ? ['broken_redirect'] : []),
  ];
}

export const clientTrackinginfo: Command = {
  name: 'trackinginfo',
  summary: 'Returns how this connection tracks keys.',
  complexity: 'O(N), where N is the number of prefixes',
  group: 'connection',
  flags: ['loading', 'stale', 'noscript'],
  arity: 2,
  arguments: [],
  reply: 'map: flags, redirect (as from CLIENT GETREDIR), prefixes',
  run({ client, reply }) {
    const flags = flagsOf(client.tracking);
    const prefixes = client.tracking?.mode === 'bcast' ? [...client.tracking.prefixes] : [];
    reply.map(3);
    reply.bulk('flags');
    reply.set(flags.length);
    for (const flag of flags) reply.bulk(flag);
    reply.bulk('redirect');
    reply.integer(redirectOf(client));
    reply.bulk('prefixes');
    reply.array(prefixes.length);
    for (const prefix of prefixes) reply.latin1(prefix);
  },
};
