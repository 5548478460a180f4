import { Info, infoOf } from '../tools/info.js';
import { Failure, mapOf, type Reply } from '../tools/replies.js';
import type { EventLog } from './events.js';
import { type Link, UNHEARD } from './link.js';
import type { Stage } from './stage.js';

/** What must hold of the server's figures when the load has gone. */

function expectEqual(what: string, actual: number, expected: number): void {
  if (actual !== expected) throw new Error(`${what}: ${actual} is not ${expected}`);
}

function expectBetween(what: string, actual: number, least: number, most: number): void {
  if (!(actual >= least && actual <= most)) throw new Error(`${what}: ${actual} is not from ${least} to ${most}`);
}

const sum = (numbers: Iterable<number>): number => [...numbers].reduce((total, number) => total + number, 0);

/** More than one call gives. */
const SCAN_COUNT = '4096';

/**
 * Holds what each session says of itself against what INFO, DBSIZE and SESSION.SCAN say of all.
 * @returns How many there are.
 */
export async function checkSessions(link: Link): Promise<number> {
  const tokens = await scan(link);
  // In one act: a session that has expired since the scan goes when it is looked at, and nothing else happens.
  const replies = await transaction(link, [
    ...tokens.flatMap((token) => [
      ['SESSION.INFO', token],
      ['MEMORY', 'USAGE', token],
    ]),
    ['INFO', 'everything'],
    ['DBSIZE'],
  ]);
  const [text, size] = replies.slice(-2);
  const info = new Info(String(text));
  const alive = tokens
    .map((_, i) => ({ described: replies[2 * i], usage: replies[2 * i + 1] }))
    .filter(({ described, usage }) => !(described instanceof Failure) && usage !== null)
    .map(({ described, usage }) => ({ fields: mapOf(described), usage: Number(usage) }));
  const total = (field: string) => sum(alive.map(({ fields }) => Number(fields.get(field))));

  const sessions = info.number('sessions');
  expectEqual('sessions, of which SESSION.SCAN lists those', sessions, alive.length);
  expectEqual('DBSIZE', Number(size), sessions);
  expectEqual('keyspace', info.table('db').get('0')?.get('keys') ?? 0, sessions);
  expectEqual('session_keys', info.number('session_keys'), total('keys'));
  expectEqual('session_bytes', info.number('session_bytes'), total('bytes'));
  expectEqual(
    'session_names',
    info.number('session_names'),
    new Set(alive.map(({ fields }) => fields.get('name'))).size,
  );
  const own = sum(alive.map(({ usage }) => usage));
  expectBetween('session_memory', info.number('session_memory'), own, own * 2 + 1e6);
  const due = alive.filter(({ fields }) => fields.get('pttl') !== -1).length;
  // Old tokens in their grace are on the wheel as well.
  expectBetween('wheel_pending', info.number('wheel_pending'), due, due + sessions * 4);
  checkLives(info);
  return sessions;
}

/** What became of all sessions. */
function checkLives(info: Info): void {
  const gone = sum(['sessions_ended', 'sessions_expired', 'sessions_evicted'].map((field) => info.number(field)));
  expectEqual('sessions created', info.number('sessions_created'), gone + info.number('sessions'));
  expectEqual('expired_keys', info.number('expired_keys'), info.number('sessions_expired'));
  expectEqual('evicted_keys', info.number('evicted_keys'), info.number('sessions_evicted'));
}

/** After ENDALL nothing is left, and what was heard of events is what was counted. */
export async function checkEmpty(link: Link, logs: readonly EventLog[]): Promise<void> {
  const info = await infoOf(link);
  for (const field of [
    'sessions',
    'session_names',
    'session_keys',
    'session_bytes',
    'session_memory',
    'wheel_pending',
  ]) {
    expectEqual(`${field} after ENDALL`, info.number(field), 0);
  }
  checkLives(info);
  for (const log of logs) {
    expectEqual('events of new sessions', log.count('new'), info.number('sessions_created'));
    expectEqual('expired events', log.count('expired'), info.number('sessions_expired'));
    expectEqual('cleared events', log.count('cleared'), info.number('sessions_cleared'));
    expectEqual('evicted events', log.count('evicted'), info.number('sessions_evicted'));
    const ended = log.count('ended') + log.count('limit') + log.count('maxage');
    expectEqual('ended, limit and maxage events', ended, info.number('sessions_ended'));
    expectEqual('tokens whose end was not told, all given up for new ones', log.open, log.count('rotated'));
  }
}

/** When all clients but this one have left: the figures hold together, and are what the clients have counted. */
export function checkCounters(info: Info, stage: Stage): void {
  for (const field of ['pubsub_channels', 'pubsub_patterns', 'pubsub_clients', 'monitor_clients', 'watching_clients']) {
    expectEqual(field, info.number(field), 0);
  }
  const commands = [...info.table('cmdstat_').entries()];
  const total = (column: string) => sum(commands.map(([, row]) => row.get(column) ?? 0));
  expectEqual(
    'total_commands_processed, the calls of all commands',
    info.number('total_commands_processed'),
    total('calls'),
  );
  expectBetween(
    'commands rejected and failed',
    total('rejected_calls') + total('failed_calls'),
    1,
    info.number('total_error_replies'),
  );
  const errors = [...info.table('errorstat_').values()].map((row) => row.get('count') ?? 0);
  expectEqual('total_error_replies, the sum of errorstats', info.number('total_error_replies'), sum(errors));
  const made = info.table('cmdstat_').get('session.new');
  expectEqual(
    'sessions_created',
    info.number('sessions_created'),
    (made?.get('calls') ?? 0) - (made?.get('failed_calls') ?? 0),
  );

  const counted = (...names: string[]) => sum(names.map((name) => stage.counted(name)));
  expectEqual('total_connections_received', info.number('total_connections_received'), counted('connections'));
  const unheard = counted('too large requests, without an answer');
  const refused = counted('refused: maxclients', UNHEARD);
  // Who goes at once does not hear it either.
  const gone = counted('connections cut at once');
  // Who has not authenticated may be sent away for somebody else, with the same words, and not hear it if it goes just then.
  const left = counted('left without a password');
  expectBetween(
    'rejected_connections and client_unauthenticated_disconnections',
    info.number('rejected_connections') + info.number('client_unauthenticated_disconnections'),
    refused,
    refused + unheard + gone + left,
  );
  expectEqual('acl_access_denied_auth', info.number('acl_access_denied_auth'), counted('authentications denied'));
  expectEqual('acl_access_denied_cmd', info.number('acl_access_denied_cmd'), counted('commands denied'));
  const tooLarge = counted('too large requests');
  expectBetween(
    'client_query_buffer_limit_disconnections',
    info.number('client_query_buffer_limit_disconnections'),
    tooLarge,
    tooLarge + unheard,
  );
  const unread = counted('too large replies refused', 'listeners given up', 'monitors given up');
  expectBetween(
    'client_output_buffer_limit_disconnections',
    info.number('client_output_buffer_limit_disconnections'),
    unread,
    unread + counted('listeners killed while slow'),
  );
  const silent = counted('half-open connections given up');
  expectBetween(
    'client_timeout_disconnections',
    info.number('client_timeout_disconnections'),
    silent,
    silent + counted('half-open connections left late'),
  );
  expectBetween('sessions_evicted', info.number('sessions_evicted'), counted('sessions seen evicted'), Infinity);
}

async function scan(link: Link): Promise<string[]> {
  const tokens = new Set<string>();
  let cursor = '0';
  do {
    const [next, found] = (await link.demand('SESSION.SCAN', cursor, 'COUNT', SCAN_COUNT)) as [string, string[]];
    for (let i = 0; i < found.length; i += 2) tokens.add(found[i]);
    cursor = next;
  } while (cursor !== '0');
  return [...tokens];
}

async function transaction(link: Link, requests: readonly (readonly string[])[]): Promise<readonly Reply[]> {
  await link.demand('MULTI');
  await Promise.all(requests.map((request) => link.demand(...request)));
  const results = await link.demand('EXEC');
  if (!Array.isArray(results)) throw new Error('EXEC replied no array');
  return results;
}
