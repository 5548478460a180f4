import { setTimeout } from 'node:timers/promises';
import { scanSessions } from '../tools/connection.js';
import { Info } from '../tools/info.js';
import { Failure, mapOf, type Reply } from '../tools/replies.js';
import type { Tally } from '../tools/tally.js';
import type { EventLog } from './events.js';
import { type Link, UNHEARD } from './link.js';

/** What must be true of the server's figures after the load. */

function expectEqual(what: string, actual: number, expected: number): void {
  if (actual !== expected) throw new Error(`${what}: ${actual}, not ${expected}`);
}

function expectBetween(what: string, actual: number, least: number, most: number): void {
  if (!(actual >= least && actual <= most)) throw new Error(`${what}: ${actual}, not from ${least} to ${most}`);
}

const sum = (numbers: Iterable<number>): number => [...numbers].reduce((total, number) => total + number, 0);

/** How many sessions to scan in one step: more than a single command visits. */
const SCAN_COUNT = 4096;

/**
 * Compares what each session says about itself with what INFO, DBSIZE and SESSION.SCAN say about all.
 * @returns How many sessions there are.
 */
export async function checkSessions(link: Link): Promise<number> {
  const tokens = [...(await scanSessions(link, SCAN_COUNT)).keys()];
  // In a transaction, nothing happens in between, except that expired sessions end when they are accessed.
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
  const alive = tokens.flatMap((_, i) => {
    const [description, usage] = [replies[2 * i], replies[2 * i + 1]];
    return description instanceof Failure || usage === null ? [] : { fields: mapOf(description), usage: Number(usage) };
  });
  const total = (field: string) => sum(alive.map(({ fields }) => Number(fields.get(field))));
  const names = new Set(alive.map(({ fields }) => fields.get('name')));

  const sessions = info.number('sessions');
  expectEqual('sessions, compared with SESSION.SCAN', sessions, alive.length);
  expectEqual('DBSIZE', Number(size), sessions);
  expectEqual('keyspace', info.table('db').get('0')?.get('keys') ?? 0, sessions);
  expectEqual('session_keys', info.number('session_keys'), total('keys'));
  expectEqual('session_bytes', info.number('session_bytes'), total('bytes'));
  expectEqual('session_names', info.number('session_names'), names.size);
  const own = sum(alive.map(({ usage }) => usage));
  expectBetween('session_memory', info.number('session_memory'), own, own * 2 + 1e6);
  const due = alive.filter(({ fields }) => fields.get('pttl') !== -1).length;
  // Old tokens that remain valid for a while are on the wheel as well.
  expectBetween('wheel_pending', info.number('wheel_pending'), due, due + sessions * 4);
  checkLives(info);
  return sessions;
}

/** Every session was created, and is alive or has ended in one way. */
function checkLives(info: Info): void {
  const gone = sum(['sessions_ended', 'sessions_expired', 'sessions_evicted'].map((field) => info.number(field)));
  expectEqual('sessions_created', info.number('sessions_created'), gone + info.number('sessions'));
  expectEqual('expired_keys', info.number('expired_keys'), info.number('sessions_expired'));
  expectEqual('evicted_keys', info.number('evicted_keys'), info.number('sessions_evicted'));
}

/** After SESSION.ENDALL nothing is left, and there were as many events as INFO says. */
export async function checkEmpty(link: Link, logs: readonly EventLog[]): Promise<void> {
  const info = await withoutShapes(link);
  const gauges = ['sessions', 'session_names', 'session_keys', 'session_bytes', 'session_memory', 'wheel_pending'];
  for (const field of gauges) expectEqual(`${field} after SESSION.ENDALL`, info.number(field), 0);
  checkLives(info);
  for (const log of logs) {
    expectEqual('new events', log.count('new'), info.number('sessions_created'));
    expectEqual('expired events', log.count('expired'), info.number('sessions_expired'));
    expectEqual('cleared events', log.count('cleared'), info.number('sessions_cleared'));
    expectEqual('evicted events', log.count('evicted'), info.number('sessions_evicted'));
    expectEqual('ended, limit and maxage events', log.count('ended', 'limit', 'maxage'), info.number('sessions_ended'));
    expectEqual('tokens without a final event, compared with rotated events', log.open, log.count('rotated'));
  }
}

/** Returns INFO when the server has freed the shapes that no session uses. It does that after about a second. */
async function withoutShapes(link: Link): Promise<Info> {
  for (let looks = 0; ; looks++) {
    const info = await Info.of(link);
    if (info.number('shapes') === 0 || looks === MOST_LOOKS) return info;
    await setTimeout(100);
  }
}

/** A minute of looks at INFO. */
const MOST_LOOKS = 600;

/** After all other clients have left, the server's counts must be consistent and match the clients' counts. */
export function checkCounters(info: Info, tally: Tally): void {
  for (const field of ['pubsub_channels', 'pubsub_patterns', 'pubsub_clients', 'monitor_clients', 'watching_clients']) {
    expectEqual(field, info.number(field), 0);
  }
  const commands = info.table('cmdstat_');
  const total = (column: string) => sum([...commands.values()].map((row) => row.get(column) ?? 0));
  const errors = info.number('total_error_replies');
  expectEqual('total_commands_processed', info.number('total_commands_processed'), total('calls'));
  expectBetween('rejected and failed calls', total('rejected_calls') + total('failed_calls'), 1, errors);
  const errorCounts = [...info.table('errorstat_').values()].map((row) => row.get('count') ?? 0);
  expectEqual('total_error_replies', errors, sum(errorCounts));
  const successes = (command: string) => {
    const row = commands.get(command);
    return (row?.get('calls') ?? 0) - (row?.get('failed_calls') ?? 0);
  };
  const created = successes('session.new');
  // Members create the set that they are added to if it does not exist.
  const most = created + successes('sadd') + successes('zadd');
  expectBetween('sessions_created, compared with SESSION.NEW', info.number('sessions_created'), created, most);

  /** The server may have counted up to `unsure` more than the clients, which could not see the reason. */
  const compare = (fields: readonly string[], certain: number, unsure = 0) =>
    expectBetween(fields.join(' and '), sum(fields.map((field) => info.number(field))), certain, certain + unsure);
  const tooLargeUnheard = tally.of('too large requests, error not read');
  compare(['total_connections_received'], tally.of('connections'));
  // A client that has not authenticated may be disconnected to make room for another one, with the same error. A client
  // that leaves at that moment does not see it.
  compare(
    ['rejected_connections', 'client_unauthenticated_disconnections'],
    tally.of('refused: maxclients', UNHEARD),
    tooLargeUnheard + tally.of('connections cut at once', 'left without a password', 'crowd clients disconnected'),
  );
  compare(['acl_access_denied_auth'], tally.of('authentications denied'));
  compare(['acl_access_denied_cmd'], tally.of('commands denied'));
  compare(['client_query_buffer_limit_disconnections'], tally.of('too large requests'), tooLargeUnheard);
  compare(
    ['client_output_buffer_limit_disconnections'],
    tally.of('too large replies refused', 'subscribers disconnected', 'monitors disconnected'),
    tally.of('subscribers killed while slow'),
  );
  compare(
    ['client_timeout_disconnections'],
    tally.of('half-open connections disconnected by the server'),
    tally.of('half-open connections left late', 'crowd clients disconnected'),
  );
  compare(['sessions_evicted'], tally.of('sessions seen evicted'), Infinity);
}

async function transaction(link: Link, requests: readonly (readonly string[])[]): Promise<readonly Reply[]> {
  await link.demand('MULTI');
  await link.askAll(requests);
  const results = await link.demand('EXEC');
  if (!Array.isArray(results)) throw new Error('EXEC did not reply with an array');
  return results;
}
