import type { Expected } from '../../tools/operations.js';
import { type Reply, show } from '../../tools/replies.js';
import { copyOf, Data, noSession, type Session, type Span } from '../../tools/session.js';

/** Sessions with a shorter duration, in ms, or with MAXAGE end during the torture. */
export const LONG = 600_000;
/** How many ms early or late a deadline may seem, because of two clocks and rounding. */
const SLACK = 50;
/** The only key with a duration of its own. */
export const CODE = 'code';
const NEVER: Span = { from: Infinity, to: Infinity };

/** A session, or its absence, and what the outbox must say about it. */
export interface Version extends Session {
  /** Undefined if the reply that had it was lost. */
  token: string | undefined;
  /** Earlier tokens that still lead to it. */
  old: ReadonlySet<string>;
  /** When its key `CODE` expires, if it has that key. */
  codeDue: Span | undefined;
  /** Its events since the last audit, as `eventText` writes them. */
  events: readonly string[];
}

/** Something that happens to a session, completely or not at all. */
export interface Step {
  /** Changes the session. Returns which reply is right. */
  readonly run: (version: Version, at: Span) => Expected;
}

/** A step with an unknown outcome. */
interface Pending {
  readonly step: Step;
  readonly at: Span;
}

/** One possible state. */
interface Possibility {
  readonly version: Version;
  /** These may have happened, and may still happen later, in any order: a node that does not answer may do so later. */
  readonly pending: readonly Pending[];
}

/** What the store has. */
export interface Observation {
  /** Undefined if there is no session. */
  readonly session: { readonly token: string; readonly data: ReadonlyMap<string, string> } | undefined;
  readonly events: readonly string[];
  /** All tokens that lead to a session. */
  readonly live: ReadonlySet<string>;
}

/** An event with the data that it removed. */
export function eventText(event: string, data: ReadonlyMap<string, string> = new Map()): string {
  return data.size === 0 ? event : `${event} ${textOf(data)}`;
}

export function endWith(version: Version, event: string): void {
  version.alive = false;
  version.events = [...version.events, eventText(event, version.data)];
}

/** A session as its only client knows it. As long as no outcome is unknown, there is only one possibility. */
export class TrackedSession {
  readonly name: string;
  /** The token that it was created with. Undefined if the server chose it and the reply was lost. */
  origin: string | undefined;
  /** Every token that it has had. */
  readonly tokens = new Set<string>();
  /** Requests that are on their way. */
  inFlight = 0;
  /** Its token will be another one when the reply arrives. */
  isRotating = false;
  /** It ends by itself soon, or its key `CODE` does, so it is only read. */
  endsByItself: boolean;
  /** It has been asked to set `CODE`. */
  hasCode = false;
  /** It has been asked to end. */
  isEnding = false;
  #possible: readonly Possibility[] = [{ version: absence(), pending: [] }];

  constructor(name: string, origin: string | undefined, endsByItself: boolean) {
    this.name = name;
    this.origin = origin;
    this.endsByItself = endsByItself;
    if (origin !== undefined) this.tokens.add(origin);
  }

  /** What it certainly is, or undefined if the outcome of a step is unknown. */
  get certain(): Version | undefined {
    const [first, second] = this.#possible;
    return second === undefined && first.pending.length === 0 ? first.version : undefined;
  }

  /** The outcome of a step is unknown. */
  doubt(step: Step, at: Span): void {
    this.#possible = this.#possible.map(({ version, pending }) => ({ version, pending: [...pending, { step, at }] }));
  }

  /** A step was answered. @throws Error if the reply is wrong. */
  settle(step: Step, at: Span, reply: Reply): void {
    const { certain } = this;
    if (certain !== undefined) {
      if (!step.run(certain, at)(reply)) this.#refuse(reply);
      return;
    }
    const before = this.#possible.flatMap(outcomes);
    const next: Possibility[] = [];
    let isProof = true;
    for (const { version, pending } of before) {
      const after = copy(version);
      if (!step.run(after, at)(reply)) continue;
      if (textOfVersion(after) === textOfVersion(version)) isProof = false;
      next.push({ version: after, pending });
    }
    if (next.length === 0) this.#refuse(reply);
    // What changes nothing does not wait for replicas. So what it saw may be lost.
    this.#possible = distinct(isProof ? next : [...this.#possible, ...next]);
  }

  /**
   * A step that changes nothing was answered, by a session that may have ended by itself.
   * @throws Error if the reply is wrong.
   */
  glimpse(step: Step, at: Span, reply: Reply): void {
    const isPossible = this.#possible.flatMap(outcomes).some(({ version }) => {
      const { from, to } = dueOf(version);
      const { version: after } = expired({ version, pending: [] });
      const isBefore = at.from <= to + SLACK && step.run(copy(version), at)(reply);
      return isBefore || (at.to >= from - SLACK && step.run(after, at)(reply));
    });
    if (!isPossible) this.#refuse(reply);
  }

  /** The reply had the token. */
  learn(token: string): void {
    this.origin ??= token;
    this.tokens.add(token);
    for (const { version } of this.#possible) version.token ??= token;
  }

  /** Returns whether it can be what the store has. */
  matches(observation: Observation): boolean {
    return this.#explain(observation) instanceof Object;
  }

  /**
   * Continues from what the store has. Sessions that end by themselves have ended.
   * @throws Error if that cannot be.
   */
  resolve(observation: Observation): void {
    const version = this.#explain(observation);
    if (typeof version === 'string')
      throw new Error(`${JSON.stringify(this.name)}, first token ${this.origin}: ${version}`);
    const token = observation.session?.token;
    if (token !== undefined) this.tokens.add(token);
    this.#possible = [{ version: { ...version, token, events: [] }, pending: [] }];
    this.isRotating = false;
    this.isEnding = !version.alive;
    if (this.hasCode) this.endsByItself = false;
    this.hasCode = false;
  }

  /** Returns a possible version that is what the store has, or why none is. */
  #explain(observation: Observation): Version | string {
    const reasons = new Set<string>();
    // What is pending may have happened before the session ended by itself, or after.
    const possible = this.#possible.flatMap((one) => [...outcomes(one), ...outcomes(expired(one))]);
    for (const { version: before } of distinct(possible)) {
      const version = copy(before);
      expire(version);
      const difference = this.#compare(version, observation);
      if (difference === undefined) return version;
      reasons.add(difference);
    }
    return `${[...reasons].join('; or ')}\n  events: ${brief(observation.events.join(', '))}`;
  }

  #compare(version: Version, { session, events, live }: Observation): string | undefined {
    if (version.alive !== (session !== undefined)) return version.alive ? 'is missing' : 'exists';
    if (session !== undefined) {
      if (version.token !== undefined && version.token !== session.token) return 'has another token';
      if (textOf(version.data) !== textOf(session.data)) {
        return `has ${brief(textOf(session.data))}, not ${brief(textOf(version.data))}`;
      }
    }
    if (events.join('\n') !== version.events.join('\n')) {
      return `the outbox should have ${version.events.length} events: ${brief(version.events.join(', '))}`;
    }
    for (const token of this.tokens) {
      const leads = version.alive && (token === session?.token || version.old.has(token));
      if (leads !== live.has(token)) return `${leads ? 'an old token does not lead' : 'an ended token leads'} to it`;
    }
    return undefined;
  }

  #refuse(reply: Reply): never {
    const possible = this.#possible
      .map(({ version, pending }) => `${brief(textOfVersion(version))} and ${pending.length} unknown`)
      .join('; or ');
    throw new Error(`replied ${show(reply).slice(0, 200)}; possible: ${possible}`);
  }
}

/** When it ends by itself, or its key `CODE` does. */
function dueOf({ due, end, codeDue }: Version): Span {
  const spans = [due, end, codeDue].map((span) => span ?? NEVER);
  return { from: Math.min(...spans.map(({ from }) => from)), to: Math.min(...spans.map(({ to }) => to)) };
}

function absence(): Version {
  return { ...noSession(), token: undefined, old: new Set(), codeDue: undefined, events: [] };
}

function copy(version: Version): Version {
  return copyOf(version);
}

/** The possible states after some of the pending steps, in any order. */
function outcomes(possibility: Possibility): Possibility[] {
  const { version, pending } = possibility;
  const all = [possibility];
  for (const one of pending) {
    const after = copy(version);
    one.step.run(after, one.at);
    // Otherwise, it can be left out.
    if (textOfVersion(after) === textOfVersion(version)) continue;
    all.push(...outcomes({ version: after, pending: pending.filter((other) => other !== one) }));
  }
  return all;
}

function distinct(possibilities: readonly Possibility[]): Possibility[] {
  const ids = new Map<Pending, number>();
  const idOf = (pending: Pending) => {
    const id = ids.get(pending) ?? ids.size;
    ids.set(pending, id);
    return id;
  };
  const byText = new Map<string, Possibility>();
  for (const one of possibilities) {
    byText.set(`${textOfVersion(one.version)} ${one.pending.map(idOf).toSorted().join()}`, one);
  }
  return [...byText.values()];
}

function expired({ version, pending }: Possibility): Possibility {
  const after = copy(version);
  expire(after);
  return { version: after, pending };
}

/** Ends a session whose time is over, or removes its key `CODE`. No session has both. */
function expire(version: Version): void {
  if (!version.alive) return;
  if (version.codeDue !== undefined) {
    version.events = [...version.events, eventText('keyexpired', new Map([[CODE, version.data.get(CODE) ?? '']]))];
    version.data.delete(CODE);
    version.codeDue = undefined;
    return;
  }
  if (version.maxAge > 0) {
    endWith(version, 'maxage');
  } else if (version.duration > 0 && version.duration < LONG && version.due !== undefined) {
    if (version.deleteSession) {
      endWith(version, 'expired');
    } else {
      version.events = [...version.events, eventText('cleared', version.data)];
      version.data = new Data();
      version.due = undefined;
    }
  }
}

export function textOf(data: ReadonlyMap<string, string>): string {
  return JSON.stringify([...data].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function textOfVersion({ alive, data, duration, maxAge, token, old, codeDue, events }: Version): string {
  return JSON.stringify([alive, alive ? textOf(data) : '', duration, maxAge, token, [...old], codeDue, events]);
}

function brief(text: string): string {
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
