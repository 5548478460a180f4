import { counted } from '../counted.js';
import type { Clock } from '../engine/index.js';
import { INCIDENT_SUBJECTS, type IncidentName, incidentKind } from '../log/incident-kinds.js';
import type { LogFields } from '../log/log.js';
import type { EventLog } from '../log/log-events.js';

/** An incident that lasts is logged again after this many ms. */
const REMINDER_MS = 600_000;
/** At most this many incidents of one kind are open at a time. An attacker may have millions of addresses. */
const MOST_SUBJECTS = 10;
/** The subject that all others share. */
const OTHERS = 'others';
/** The most clients, after the first, that the last line lists. */
const MOST_NAMED = 5;

/** One or more occurrences of the same kind. */
interface Occurrence {
  /** The line that begins an incident. It is used only then. */
  readonly message: string | (() => string);
  readonly fields?: LogFields;
  /** Distinguishes incidents of one kind: an address, or the text of an error. */
  readonly subject?: string;
  /** How many there were, by default 1. 0 if it only continues. */
  readonly count?: number;
  /** The longest of them in ms, if they have a duration. */
  readonly ms?: number;
  /** Which client it was. The last line lists some of them. */
  readonly client?: string;
}

/** An incident that is not over. */
interface Incident {
  readonly name: IncidentName;
  readonly subject: string;
  readonly began: number;
  latest: number;
  count: number;
  worst: number;
  remindAt: number;
  /** Clients after the first one. */
  readonly clients: string[];
}

/**
 * Logs what may happen once or a million times: one line when it begins, and one when it is over, with how often it
 * happened and for how long. So nobody can fill the disk or hide other lines. If it happened only once and was over at
 * once, there is no second line.
 */
export class Incidents {
  readonly #log: EventLog;
  readonly #clock: Clock;
  /** By kind and subject. */
  readonly #open = new Map<string, Incident>();

  constructor(log: EventLog, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  /** Call this whenever something of the kind happens. Only the first call of an incident logs a line. */
  report(name: IncidentName, occurrence: Occurrence): void {
    const { message, count = 1, ms = 0, client } = occurrence;
    const now = this.#clock.now();
    const subject = this.#subjectOf(name, occurrence.subject);
    const key = keyOf(name, subject);
    const open = this.#open.get(key);
    if (open === undefined) {
      const remindAt = now + REMINDER_MS;
      this.#open.set(key, { name, subject, began: now, latest: now, count, worst: ms, remindAt, clients: [] });
      const fields = { state: 'begins', ...occurrence.fields, event: name };
      this.#log.warning(typeof message === 'string' ? message : message(), fields);
      return;
    }
    open.latest = now;
    open.count += count;
    open.worst = Math.max(open.worst, ms);
    if (client !== undefined && open.clients.length < MOST_NAMED) open.clients.push(client);
  }

  /**
   * Ends incidents that are over, and logs those that last again. Call this about once a second.
   * @param now In ms.
   */
  beat(now: number): void {
    for (const [key, incident] of this.#open) {
      if (now - incident.latest >= incidentKind(incident.name).quiet) this.#end(key, incident);
      else if (now >= incident.remindAt) this.#remind(incident, now);
    }
  }

  /** Ends all incidents. Call this when the server stops. */
  close(): void {
    for (const [key, incident] of this.#open) this.#end(key, incident);
  }

  #end(key: string, incident: Incident): void {
    this.#open.delete(key);
    const { latest, began, clients, count } = incident;
    if (count === 1 && latest === began) return;
    // The first line has named the first client.
    const others = count - 1 - clients.length;
    const named = clients.length === 0 ? '' : `; after the first: ${clients.join(', ')}`;
    const more = clients.length === 0 || others === 0 ? '' : ` and ${others.toLocaleString('en-US')} more`;
    const message = `${titleOf(incident)} are over: ${summaryOf(incident, latest - began)}${named}${more}`;
    this.#log.notice(message, fieldsOf(incident, 'over', latest));
  }

  #remind(incident: Incident, now: number): void {
    incident.remindAt = now + REMINDER_MS;
    const message = `${titleOf(incident)} continue: ${summaryOf(incident, now - incident.began)}`;
    this.#log.warning(message, fieldsOf(incident, 'continues', now));
  }

  /** Returns the subject, or `others` if too many incidents of the kind are open already. */
  #subjectOf(name: IncidentName, subject = ''): string {
    if (subject === '' || this.#open.has(keyOf(name, subject))) return subject;
    let others = 0;
    for (const incident of this.#open.values()) if (incident.name === name) others++;
    return others < MOST_SUBJECTS ? subject : OTHERS;
  }
}

function keyOf(name: IncidentName, subject: string): string {
  return `${name} ${subject}`;
}

function titleOf({ name, subject }: Incident): string {
  const { title, per } = incidentKind(name);
  if (per === undefined) return title;
  const { preposition, others } = INCIDENT_SUBJECTS[per];
  return `${title} ${preposition} ${subject === OTHERS ? others : subject}`;
}

function summaryOf({ name, count, worst }: Incident, ms: number): string {
  const { noun, worst: what } = incidentKind(name);
  const number = counted(count, noun).replace(String(count), count.toLocaleString('en-US'));
  return `${number} ${ms < 1000 ? 'within a second' : `in ${duration(ms)}`}${what === undefined ? '' : `, ${what} ${duration(worst)}`}`;
}

function fieldsOf({ name, count, worst, began, subject }: Incident, state: 'continues' | 'over', until: number) {
  const { worst: what, per } = incidentKind(name);
  return {
    event: name,
    state,
    count,
    seconds: Math.round(until - began) / 1000,
    worst_ms: what === undefined ? undefined : Math.round(worst),
    ...(per !== undefined && { [INCIDENT_SUBJECTS[per].field]: subject }),
  };
}

/** Returns a duration in ms for a person: `312 ms`, `73 s`, `12 min`. */
function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${Math.round(ms / 1000)} s`;
  return ms < 7_200_000 ? `${Math.round(ms / 60_000)} min` : `${Math.round(ms / 3_600_000)} h`;
}
