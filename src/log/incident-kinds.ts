/** A kind of event that an operator should know about, and that may happen once or a million times. */
interface IncidentKind {
  /** How its later lines begin, in the plural: `refusals for lack of memory`. */
  readonly title: string;
  /** What is counted, in the singular. */
  readonly noun: string;
  /** The words before the greatest duration, if its events have one: `the longest`. */
  readonly worst?: string;
  /** The incident is over after this many ms without another event. */
  readonly quiet: number;
  /** What has an incident of its own, if there can be several of the kind. */
  readonly per?: keyof typeof INCIDENT_SUBJECTS;
  /** When an incident begins, for the documentation. */
  readonly when: string;
}

/**
 * What incidents of one kind are told apart by: how it follows the title, what all that are not told apart are called,
 * and the field in JSON logs.
 */
export const INCIDENT_SUBJECTS = {
  address: { preposition: 'from', others: 'other addresses', field: 'from' },
  webhook: { preposition: 'of the webhook', others: 'others', field: 'webhook' },
} as const;

const QUIET_MS = 10_000;
/** For events that come from time to time rather than in a stream. */
const LONG_QUIET_MS = 60_000;

/**
 * The kinds of incidents by their name in JSON logs (`event`). `src/server/incidents.ts` writes their lines, and the
 * first table in docs/logging.md is generated from them.
 */
export const INCIDENT_KINDS = {
  'out-of-memory': {
    title: 'refusals for lack of memory',
    noun: 'command',
    quiet: QUIET_MS,
    when: 'a command gets `OOM`, because `maxmemory` is reached',
  },
  eviction: {
    title: 'evictions',
    noun: 'session',
    quiet: QUIET_MS,
    when: 'sessions are evicted, because `maxmemory` is reached',
  },
  'refused-write': {
    title: 'refusals because the disk fails',
    noun: 'command',
    quiet: QUIET_MS,
    when: 'a command gets `MISCONF`, because the journal cannot be written',
  },
  'store-failure': {
    title: 'failures of the store',
    noun: 'command',
    quiet: QUIET_MS,
    when: 'the store cannot be reached, or does not answer a command in time (`TRYAGAIN`, `CLUSTERDOWN`, `NOREPLICAS`)',
  },
  'lost-events': {
    title: 'events lost to consumer groups',
    noun: 'event',
    quiet: LONG_QUIET_MS,
    when: 'an entry of the event stream is removed (`events-max-len`, `events-max-bytes`, `events-max-age`) before a consumer group has acknowledged it',
  },
  'event-loop-stall': {
    title: 'stalls of the event loop',
    noun: 'stall',
    worst: 'the longest',
    quiet: LONG_QUIET_MS,
    when: 'nothing was served for more than 100 to 140 ms',
  },
  'late-expiry': {
    title: 'late expiries',
    noun: 'deadline',
    worst: 'the latest by',
    quiet: QUIET_MS,
    when: 'a session or key expires more than 100 ms after it was due',
  },
  'failed-authentication': {
    title: 'failed attempts to authenticate',
    noun: 'attempt',
    per: 'address',
    quiet: LONG_QUIET_MS,
    when: 'a client gives a wrong password or user (one incident for each address)',
  },
  'password-guessing': {
    title: 'delayed replies to wrong passwords',
    noun: 'attempt',
    per: 'address',
    quiet: LONG_QUIET_MS,
    when: 'there were more than ten wrong passwords (one incident for each address)',
  },
  'protected-mode': {
    title: 'refusals because of protected mode',
    noun: 'attempt',
    per: 'address',
    quiet: LONG_QUIET_MS,
    when: 'a client of another machine is refused, because the server has no password (one incident for each address)',
  },
  'client-limit': {
    title: 'refusals because of too many clients',
    noun: 'connection',
    quiet: QUIET_MS,
    when: 'a connection is refused, because `maxclients` are connected',
  },
  'client-memory': {
    title: 'disconnections because clients hold too much memory',
    noun: 'client',
    quiet: QUIET_MS,
    when: 'a client is disconnected, because `maxmemory-clients` is reached',
  },
  'output-limit': {
    title: 'disconnections of clients that do not read',
    noun: 'client',
    quiet: QUIET_MS,
    when: 'a client is disconnected for `client-output-buffer-limit`',
  },
  unauthenticated: {
    title: 'disconnections of clients that have not authenticated',
    noun: 'client',
    quiet: QUIET_MS,
    when: 'a client that has not authenticated is disconnected, for `auth-timeout` or to make room for another',
  },
  certificate: {
    title: 'refusals of certificates',
    noun: 'connection',
    quiet: QUIET_MS,
    when: 'a client has a certificate that `tls-ca` did not sign',
  },
  'accept-error': {
    title: 'failures to accept connections',
    noun: 'connection',
    quiet: QUIET_MS,
    when: 'the system cannot accept a connection, for example because too many files are open',
  },
  'webhook-failure': {
    title: 'failures',
    noun: 'request',
    per: 'webhook',
    quiet: QUIET_MS,
    when: 'a request of a webhook fails; it is over when one has succeeded (one incident for each webhook)',
  },
  'webhook-dead-letter': {
    title: 'dead letters',
    noun: 'event',
    per: 'webhook',
    quiet: LONG_QUIET_MS,
    when: 'a webhook gives up an event after the last attempt (one incident for each webhook)',
  },
  fault: {
    title: 'internal errors of one kind',
    noun: 'error',
    quiet: QUIET_MS,
    when: 'respite has a bug (one incident for each kind of error)',
  },
  'listener-fault': {
    title: 'faults of the session listener',
    noun: 'fault',
    quiet: QUIET_MS,
    when: 'the listener of an embedding program throws (one incident for each kind of error)',
  },
} as const satisfies Record<string, IncidentKind>;

export type IncidentName = keyof typeof INCIDENT_KINDS;

/** Returns a kind by its name, with the properties that not every kind has. */
export function incidentKind(name: IncidentName): IncidentKind {
  return INCIDENT_KINDS[name];
}
