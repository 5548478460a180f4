import type { IncidentName } from './incident-kinds.js';
import type { LogFields, LogLevel } from './log.js';

interface LogEventKind {
  /** From the least to the most important one that its lines have. */
  readonly levels: readonly LogLevel[];
  /** What its lines say, for the documentation. */
  readonly says: string;
}

/**
 * The events of log lines that are not about incidents (`incident-kinds.ts`), by their name in JSON logs. A table in
 * docs/logging.md is generated from them.
 */
export const LOG_EVENTS = {
  ready: { levels: ['notice'], says: 'Clients are served: where, and with which settings' },
  'start-failure': { levels: ['warning'], says: 'The program cannot start, and why. Only in `logfile`' },
  'unknown-variable': { levels: ['warning'], says: 'A variable `RESPITE_…` names no option' },
  'low-maxmemory': { levels: ['warning'], says: '`maxmemory` is so low that no session can be created' },
  store: {
    levels: ['notice'],
    says: 'The server connects to its store, or the store answers: which one it is, and its nodes',
  },
  loading: { levels: ['notice'], says: 'How far the journal has been loaded, once a second' },
  loaded: { levels: ['notice'], says: 'The journal has been loaded: how many sessions, and how long it took' },
  'journal-end': { levels: ['warning'], says: 'The journal ended with an incomplete write, which was dropped' },
  'lost-changes': { levels: ['warning'], says: 'The server stopped, now or the last time, with changes not on disk' },
  'dropped-events': {
    levels: ['warning'],
    says: 'The journal has a stream of events, which the next compaction drops because `events-stream` is off',
  },
  'journal-failure': {
    levels: ['notice', 'warning'],
    says: 'The journal can no longer be written (`state` is `begins`), or can be written again (`over`)',
  },
  compaction: { levels: ['notice'], says: 'The journal has been compacted' },
  'compaction-failure': {
    levels: ['notice', 'warning'],
    says: 'The journal cannot be compacted (`begins`), now for another reason (`continues`), or can be again (`over`)',
  },
  'clock-set': { levels: ['notice'], says: 'Somebody has set the system clock' },
  'clock-failure': { levels: ['warning'], says: 'The journal cannot record that the system clock was set' },
  'data-set': { levels: ['notice'], says: 'A data set was saved or loaded' },
  'save-failure': { levels: ['warning'], says: 'A data set cannot be saved' },
  reload: {
    levels: ['notice', 'warning'],
    says: 'The configuration was reloaded: what changed, what needs a restart; or why it could not be',
  },
  rewrite: { levels: ['notice', 'warning'], says: 'CONFIG REWRITE has written the configuration file' },
  'certificate-change': {
    levels: ['notice', 'warning'],
    says: 'The files of the certificate have changed, and whether they can be used; or the certificate has expired',
  },
  'webhook-gone': {
    levels: ['warning'],
    says: 'The receiver of a webhook has answered 410, so nothing more is sent to it',
  },
  logfile: { levels: ['warning'], says: '`logfile` cannot be opened again' },
  'log-lines-lost': { levels: ['warning'], says: 'How many lines could not be written before this one' },
  signal: { levels: ['notice', 'warning'], says: 'A signal arrived, and what it does' },
  shutdown: { levels: ['notice'], says: 'A client has sent SHUTDOWN' },
  'shutdown-delay': { levels: ['notice'], says: 'Clients are served until `shutdown-delay` is over' },
  'shutdown-wait': { levels: ['warning'], says: 'The stop waits for the disk' },
  'shutdown-refused': { levels: ['warning'], says: 'SHUTDOWN is refused, because the disk fails' },
  'shutdown-cancelled': { levels: ['notice'], says: 'SHUTDOWN ABORT has cancelled the stop' },
  stopped: { levels: ['notice'], says: 'The server has stopped' },
  connected: { levels: ['verbose'], says: 'A client has connected' },
  disconnected: { levels: ['verbose'], says: 'The connection of a client has ended' },
  busy: { levels: ['warning'], says: 'A script has written and run for longer than `busy-reply-threshold`' },
  script: { levels: ['debug', 'verbose', 'notice', 'warning'], says: 'What a script has written with `redis.log`' },
  error: { levels: ['debug'], says: 'A client got an error' },
} as const satisfies Record<string, LogEventKind>;

type LogEvent = keyof typeof LOG_EVENTS | IncidentName;

/** The fields of a line of the server itself. Programs that read the log find the line by its event. */
export type EventFields = LogFields & { readonly event: LogEvent };

type WriteLine = (message: string, fields: EventFields) => void;

/** The log, for the server's own lines: each must have an event. */
export type EventLog = Readonly<Record<LogLevel, WriteLine>>;
