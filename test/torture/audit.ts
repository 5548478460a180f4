import type { Connection } from '../tools/connection.js';
import { inOrder } from '../tools/operations.js';
import { Failure, mapOf, type Reply, Status, show } from '../tools/replies.js';
import type { Span } from '../tools/session.js';
import type { Entry } from './client.js';
import { aheadOf, type ClientState, dueOf, type OwnSession } from './client-state.js';

/** How many ms early or late a deadline may seem, because of two clocks and the time that a request takes. */
export const SLACK = 30;

/** How many tokens are looked up in one request. */
const MANY = 1000;

interface Question {
  /** What must exist. */
  readonly floor: ClientState;
  /** Later requests, in order. The first `must` of them must have taken effect, the others may have. */
  readonly log: readonly Entry[];
  readonly must: number;
  /** Names that are not checked. */
  readonly limbo: ReadonlySet<string>;
  readonly sharedTokens: ReadonlyMap<string, string>;
}

interface Answer {
  /** How many entries of the log took effect. */
  readonly entries: number;
  /** What exists. */
  readonly state: ClientState;
  /** Names of sessions that have expired. */
  readonly absent: readonly string[];
}

/** A session as the server has it. */
interface Found {
  readonly token: string;
  readonly id: string;
  readonly data: ReadonlyMap<string, string>;
  /** When keys with a duration of their own are due. */
  readonly keyDue: Map<string, Span>;
  /** The reply to TYPE, and the members of a sorted set in their order. */
  readonly type: string;
  readonly order: readonly string[];
  /** Its deadline is between the two, in ms. */
  readonly from: number;
  readonly to: number;
  /** When it was read, in ms. Reading extends a session that slides. */
  readonly readFrom: number;
  readonly readTo: number;
}

interface Observation {
  readonly found: ReadonlyMap<string, Found>;
  /** The tokens that lead to a session. */
  readonly live: ReadonlySet<string>;
  readonly began: number;
  readonly ended: number;
}

/**
 * Finds out which entries took effect before the kill. The server must be in the state after some entry and all earlier
 * ones, and no entry may be there in part: the server executes one client's requests in order, and the journal keeps
 * that order.
 * @throws Error if it is in no such state, or in one without something that must exist.
 */
export async function audit(
  connection: Connection,
  { floor, log, must, limbo, sharedTokens }: Question,
): Promise<Answer> {
  const state = floor.copy();
  const names = new Set(state.sessions.keys());
  const tokens = new Set(state.gone);
  for (const { token, old } of state.sessions.values()) for (const one of [token, ...old]) if (one) tokens.add(one);
  for (const { changes, outcomes } of log) {
    for (const { name, renamedTo = name, ownToken } of changes) {
      names.add(name).add(renamedTo);
      if (ownToken !== undefined) tokens.add(ownToken);
    }
    for (const { token } of outcomes) if (token !== undefined) tokens.add(token);
  }
  for (const name of limbo) names.delete(name);
  const observation = await observe(connection, [...names], [...tokens]);
  let entries: number | undefined;
  const reasons = new Map<string, number>();
  for (let count = 0; ; count++) {
    if (count >= must) {
      const difference = compare(state, observation, names, sharedTokens);
      if (difference === undefined) entries = count;
      else reasons.set(difference, (reasons.get(difference) ?? 0) + 1);
    }
    if (count === log.length) break;
    carryOut(state, log[count]);
  }
  if (entries === undefined) {
    const lines = [...reasons].slice(-10).map(([difference, times]) => `\n  ${times} times: ${difference}`);
    throw new Error(`the sessions match none of the states after ${must} to ${log.length} requests:${lines.join('')}`);
  }
  const answer = floor.copy();
  for (const entry of log.slice(0, entries)) carryOut(answer, entry);
  const absent: string[] = [];
  for (const [name, session] of answer.sessions) {
    const found = observation.found.get(name);
    if (found !== undefined) {
      session.token = found.token;
      session.id = found.id;
      for (const [key, span] of found.keyDue) session.data.due.set(key, span);
      const { duration } = session;
      if (session.extend === 'get') session.due = { from: found.readFrom + duration, to: found.readTo + duration };
      else session.due = found.from === Infinity ? undefined : { from: found.from, to: found.to };
    } else if (!limbo.has(name)) absent.push(name);
  }
  return { entries, state: answer, absent };
}

function carryOut(state: ClientState, { changes, outcomes }: Entry): void {
  changes.forEach((change, i) => {
    state.apply(change, outcomes[i]);
  });
}

async function observe(
  connection: Connection,
  names: readonly string[],
  tokens: readonly string[],
): Promise<Observation> {
  const began = performance.now();
  const listed = await connection.askAll(names.map((name) => ['SESSION.TOKENS', name]));
  const present = names.flatMap((name, i) => (listed[i] as Reply[]).map((token) => ({ name, token: String(token) })));
  const found = new Map<string, Found>();
  const readFrom = performance.now();
  const replies = await connection.askAll(
    present.flatMap(({ name, token }) => [
      ['SESSION.PTTL', token],
      ['SESSION.GETALL', token],
      ['SESSION.ID', token],
      ['TYPE', name],
      ['ZRANGE', name, '0', '-1'],
    ]),
  );
  const readTo = performance.now();
  present.forEach(({ name, token }, i) => {
    const [left, all, id, kind, members] = replies.slice(5 * i, 5 * i + 5);
    // It has expired since it was listed.
    if (all instanceof Failure || id instanceof Failure || left === -2) return;
    if (found.has(name)) throw new Error(`there are two sessions ${name}`);
    const data = mapOf(all) as ReadonlyMap<string, string>;
    const due = left === -1 ? Infinity : Number(left);
    const type = kind instanceof Status ? kind.text : show(kind);
    const order = Array.isArray(members) ? members.map(String) : [];
    const keyDue = new Map<string, Span>();
    const [from, to] = [readFrom + due - 1, readTo + due];
    found.set(name, { token, id: String(id), data, keyDue, type, order, from, to, readFrom, readTo });
  });
  await observeKeys(connection, found);
  const live = new Set<string>();
  for (let i = 0; i < tokens.length; i += MANY) {
    const some = tokens.slice(i, i + MANY);
    const [flags] = await connection.askAll([['SESSION.MEXISTS', ...some]]);
    some.forEach((token, j) => {
      if ((flags as Reply[])[j] === 1) live.add(token);
    });
  }
  return { found, live, began, ended: performance.now() };
}

/** Finds out when keys with a duration of their own are due. Removes sessions that have expired by then. */
async function observeKeys(connection: Connection, found: Map<string, Found>): Promise<void> {
  const sessions = [...found].filter(([, { data }]) => data.size > 0);
  const from = performance.now();
  const replies = await connection.askAll(
    sessions.map(([, { token, data }]) => ['SESSION.KEYPTTL', token, ...data.keys()]),
  );
  const to = performance.now();
  sessions.forEach(([name, { data, keyDue }], i) => {
    const times = replies[i];
    if (!Array.isArray(times)) {
      found.delete(name);
      return;
    }
    [...data.keys()].forEach((key, j) => {
      const left = Number(times[j]);
      if (left >= 0) keyDue.set(key, { from: from + left - 1, to: to + left });
    });
  });
}

/** Returns what differs from that state; undefined if nothing does. */
function compare(
  state: ClientState,
  { found, live, began, ended }: Observation,
  names: ReadonlySet<string>,
  sharedTokens: ReadonlyMap<string, string>,
): string | undefined {
  for (const name of names) {
    const session = state.sessions.get(name);
    const there = found.get(name);
    if (session === undefined) {
      if (there !== undefined) return `${name} exists`;
      continue;
    }
    const due = dueOf(session);
    if (there === undefined) {
      const early = due.from - SLACK - ended;
      if (early > 0) return `${name} is missing, ${Math.round(early)} ms before it is due`;
      continue;
    }
    const late = began - due.to - aheadOf(session) - SLACK;
    if (late > 0) return `${name} exists, ${Math.round(late)} ms after it was due`;
    const difference = compareSession(session, there, sharedTokens.get(name));
    if (difference !== undefined) return `${name} ${difference}`;
    // It may expire while it is being checked.
    if (ended > there.from - SLACK) continue;
    for (const token of session.old) if (!live.has(token)) return `an old token of ${name} does not lead to it`;
  }
  for (const token of state.gone) if (live.has(token)) return 'an ended token leads to a session';
  return undefined;
}

function compareSession(session: OwnSession, found: Found, shared: string | undefined): string | undefined {
  const token = session.token ?? (session.shared ? shared : undefined);
  if (token !== undefined && token !== found.token) return 'has another token';
  if (session.id !== undefined && session.id !== found.id) return 'has another public id';
  const { from, to } = dueOf(session);
  const latest = to + aheadOf(session);
  if (found.to < from - SLACK) return `is due ${Math.round(from - found.to)} ms early`;
  if (found.from > latest + SLACK) return `is due ${Math.round(found.from - latest)} ms late`;
  if (session.shared && session.data.size > 0 && session.kind !== found.type) {
    return `is a ${found.type}, not a ${session.kind}`;
  }
  for (const key of new Set([...session.data.keys(), ...found.data.keys()])) {
    const [is, was] = [found.data.get(key), session.data.get(key)];
    if (is !== was) return `has ${brief(is)} under ${JSON.stringify(key)}, not ${brief(was)}`;
  }
  for (const key of new Set([...session.data.due.keys(), ...found.keyDue.keys()])) {
    const [is, was] = [found.keyDue.get(key), session.data.due.get(key)];
    if (is === undefined || was === undefined) {
      return `has ${is === undefined ? 'no deadline' : 'a deadline'} of ${JSON.stringify(key)}`;
    }
    const early = was.from - is.to;
    const late = is.from - was.to;
    if (Math.max(early, late) > SLACK) return `has a deadline of ${JSON.stringify(key)} ${Math.round(late)} ms late`;
  }
  if (found.type === 'zset' && show(found.order) !== show(inOrder(session.data))) return 'has its members out of order';
  return undefined;
}

function brief(value: string | undefined): string {
  return value === undefined ? 'nothing' : show(value).slice(0, 60);
}
