import type { Link } from '../tools/connection.js';
import { Failure, mapOf, type Reply, show } from '../tools/replies.js';
import type { Entry } from './client.js';
import { type ClientState, dueAfter, type SessionState } from './state.js';

/** By how much two clocks, and the way of a request, may be off, in ms. */
export const SLACK = 30;

/** Tokens that are asked for at once. */
const MANY = 1000;

interface Question {
  /** What must be there. */
  readonly floor: ClientState;
  /** What may be there after that, in order; the first `must` of it must. */
  readonly log: readonly Entry[];
  readonly must: number;
  /** Names that are not looked at. */
  readonly limbo: ReadonlySet<string>;
  readonly sharedTokens: ReadonlyMap<string, string>;
}

interface Answer {
  /** How many entries of the log were found carried out. */
  readonly entries: number;
  /** What there is. */
  readonly state: ClientState;
  /** Names of sessions that have expired. */
  readonly absent: readonly string[];
}

/** A session as the server has it. */
interface Found {
  readonly token: string;
  readonly data: ReadonlyMap<string, string>;
  /** Its deadline is between the two, in ms. */
  readonly from: number;
  readonly to: number;
  /** When it was looked at, in ms: reading the data has extended a session that slides. */
  readonly asked: number;
  readonly heard: number;
}

interface Observation {
  readonly found: ReadonlyMap<string, Found>;
  readonly live: ReadonlySet<string>;
  /** When it began and when it was over. */
  readonly began: number;
  readonly ended: number;
}

/**
 * Finds out which of the entries were carried out before the kill: the server must be as after all of them up to some one,
 * none of them in part. One client's requests are carried out in order, and the journal keeps the order.
 * @throws Error if there is no such one, at or after what must be there.
 */
export async function audit(link: Link, { floor, log, must, limbo, sharedTokens }: Question): Promise<Answer> {
  const state = floor.copy();
  const names = new Set(state.sessions.keys());
  const tokens = new Set(state.gone);
  for (const { token, old } of state.sessions.values()) for (const one of [token, ...old]) if (one) tokens.add(one);
  for (const { acts, outcomes } of log) {
    acts.forEach((act, i) => {
      names.add(act.name);
      if (act.kind === 'rename') names.add(act.to);
      if (act.kind === 'new' && act.token !== undefined) tokens.add(act.token);
      const { token } = outcomes[i];
      if (token !== undefined) tokens.add(token);
    });
  }
  const observation = await observe(
    link,
    [...names].filter((name) => !limbo.has(name)),
    [...tokens],
  );
  let entries = -1;
  const reasons = new Map<string, number>();
  for (let count = 0; ; count++) {
    if (count >= must) {
      const difference = compare(state, observation, names, limbo, sharedTokens);
      if (difference === undefined) entries = count;
      else reasons.set(difference, (reasons.get(difference) ?? 0) + 1);
    }
    if (count === log.length) break;
    carryOut(state, log[count]);
  }
  if (entries < 0) {
    const lines = [...reasons].slice(-10).map(([difference, times]) => `\n  ${times} times: ${difference}`);
    throw new Error(`the sessions are as after none of the requests ${must} to ${log.length}:${lines.join('')}`);
  }
  const answer = floor.copy();
  for (const entry of log.slice(0, entries)) carryOut(answer, entry);
  const absent: string[] = [];
  for (const [name, session] of answer.sessions) {
    const found = observation.found.get(name);
    if (found === undefined) {
      if (!limbo.has(name)) absent.push(name);
      continue;
    }
    session.token = found.token;
    session.due = session.slides
      ? dueAfter(session, { sent: found.asked, heard: found.heard, isHeard: true })
      : { from: found.from, to: found.to, ahead: 0 };
  }
  return { entries, state: answer, absent };
}

function carryOut(state: ClientState, { acts, outcomes }: Entry): void {
  acts.forEach((act, i) => {
    state.apply(act, outcomes[i]);
  });
}

async function observe(link: Link, names: readonly string[], tokens: readonly string[]): Promise<Observation> {
  const began = performance.now();
  const listed = await link.ask(names.map((name) => ['SESSION.TOKENS', name]));
  const present = names.flatMap((name, i) => (listed[i] as Reply[]).map((token) => ({ name, token: String(token) })));
  const found = new Map<string, Found>();
  const asked = performance.now();
  const replies = await link.ask(
    present.flatMap(({ token }) => [
      ['SESSION.PTTL', token],
      ['SESSION.GETALL', token],
    ]),
  );
  const heard = performance.now();
  present.forEach(({ name, token }, i) => {
    const [left, all] = [replies[2 * i], replies[2 * i + 1]];
    // It has expired since it was listed.
    if (all instanceof Failure || left === -2) return;
    if (found.has(name)) throw new Error(`there are two sessions ${name}`);
    const data = mapOf(all) as ReadonlyMap<string, string>;
    const due = left === -1 ? Infinity : Number(left);
    found.set(name, { token, data, from: asked + due - 1, to: heard + due, asked, heard });
  });
  const live = new Set<string>();
  for (let i = 0; i < tokens.length; i += MANY) {
    const some = tokens.slice(i, i + MANY);
    const [flags] = await link.ask([['SESSION.MEXISTS', ...some]]);
    some.forEach((token, j) => {
      if ((flags as Reply[])[j] === 1) live.add(token);
    });
  }
  return { found, live, began, ended: performance.now() };
}

/** What is not as it would be in that state; undefined if all is. */
function compare(
  state: ClientState,
  { found, live, began, ended }: Observation,
  names: ReadonlySet<string>,
  limbo: ReadonlySet<string>,
  sharedTokens: ReadonlyMap<string, string>,
): string | undefined {
  for (const name of names) {
    if (limbo.has(name)) continue;
    const session = state.sessions.get(name);
    const there = found.get(name);
    if (session === undefined) {
      if (there !== undefined) return `${name} is there`;
      continue;
    }
    if (there === undefined) {
      const early = session.due.from - SLACK - ended;
      if (early > 0) return `${name} is missing, ${Math.round(early)} ms before it is due`;
      continue;
    }
    const late = began - session.due.to - session.due.ahead - SLACK;
    if (late > 0) return `${name} is there, ${Math.round(late)} ms after it is due`;
    const difference = compareSession(session, there, sharedTokens.get(name));
    if (difference !== undefined) return `${name} ${difference}`;
    // It may expire while it is looked at.
    if (ended > there.from - SLACK) continue;
    for (const token of session.old) if (!live.has(token)) return `an old token of ${name} does not lead to it`;
  }
  for (const token of state.gone) if (live.has(token)) return 'a token is there that was ended';
  return undefined;
}

function compareSession(session: SessionState, found: Found, shared: string | undefined): string | undefined {
  const token = session.token ?? (session.shared ? shared : undefined);
  if (token !== undefined && token !== found.token) return 'has another token';
  const { from, to, ahead } = session.due;
  if (found.to < from - SLACK) return `is due ${Math.round(from - found.to)} ms early`;
  if (found.from > to + ahead + SLACK) return `is due ${Math.round(found.from - to - ahead)} ms late`;
  for (const key of new Set([...session.data.keys(), ...found.data.keys()])) {
    const [is, was] = [found.data.get(key), session.data.get(key)];
    if (is !== was) return `has ${brief(is)} for ${JSON.stringify(key)}, not ${brief(was)}`;
  }
  return undefined;
}

function brief(value: string | undefined): string {
  return value === undefined ? 'nothing' : show(value).slice(0, 60);
}
