import { isIP } from 'node:net';
import { EVENT_NAMES } from './event-names.js';
import { globMatcher } from './glob.js';
import { nearest } from './nearest.js';
import { isPublic } from './public-address.js';

/** A webhook, as a line of the option `webhook` describes it. */
export interface WebhookLine {
  /**
   * What logs and metrics call it: by default the host of its URL. A path is not part of it, because with some
   * receivers the path is the credential. Its consumer group is `webhook:<name>`.
   */
  readonly name: string;
  /** It may contain credentials. */
  readonly url: string;
  /** Undefined for all events. */
  readonly events: ReadonlySet<string> | undefined;
  /** A glob pattern for names of sessions, with one character per byte. */
  readonly names: string;
  /** Whether it receives the data of sessions that end. */
  readonly data: boolean;
  /** The file with its secrets, or an empty text for none. */
  readonly secretFile: string;
  /** The file with the CA certificates for its receiver, or an empty text for those that Node.js trusts. */
  readonly caFile: string;
  /** Whether the receiver may be at a private address. */
  readonly isPrivate: boolean;
  /** The most requests at a time. */
  readonly concurrency: number;
  /** The most events in a request. */
  readonly batch: number;
  /** How long a request may take, in ms. */
  readonly timeoutMs: number;
  /** How old an event may become before a failure is its last, in ms. */
  readonly retryForMs: number;
}

/** What an option of a line looks like, and how it is read. */
interface LineOption<Value> {
  readonly initial: Value;
  /** @throws Error whose message says what is allowed. */
  read(text: string): Value;
}

/** The most webhooks. Each reads the stream for itself. */
const MOST_WEBHOOKS = 64;

const LINE_OPTIONS = {
  name: text(/^[\w.:[\]-]{1,64}$/, 'expected up to 64 letters, digits and any of _ - . :'),
  events: { initial: undefined, read: readEvents } as LineOption<ReadonlySet<string> | undefined>,
  names: { initial: '*', read: readPattern } as LineOption<string>,
  data: yesNo(),
  'secret-file': text(/./s, 'expected a file'),
  'tls-ca': text(/./s, 'expected a file'),
  private: yesNo(),
  concurrency: integer(1, 100, 8),
  batch: integer(1, 1000, 1),
  timeout: integer(1, 600, 15),
  'retry-for': integer(0, 2_592_000, 259_200),
};

type LineOptionName = keyof typeof LINE_OPTIONS;
type LineValues = { -readonly [Name in LineOptionName]: (typeof LINE_OPTIONS)[Name]['initial'] };

const LINE_OPTION_NAMES = Object.keys(LINE_OPTIONS) as LineOptionName[];

/**
 * Parses the option `webhook`: one webhook a line, each a URL followed by options such as `events=expired,limit`.
 * @throws Error whose message says what is wrong, and repeats neither a URL nor a value.
 */
export function parseWebhooks(text: string): WebhookLine[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  if (lines.length > MOST_WEBHOOKS) throw new Error(`expected at most ${MOST_WEBHOOKS} webhooks`);
  const webhooks = lines.map(parseLine);
  const names = new Set<string>();
  for (const { name } of webhooks) {
    if (names.has(name)) throw new Error(`there are two webhooks named ${name}: give one of them another name=`);
    names.add(name);
  }
  return webhooks;
}

function parseLine(line: string): WebhookLine {
  const [url, ...words] = line.trim().split(/\s+/);
  const { host, hostname } = parseUrl(url);
  const given = new Set<string>();
  const values: LineValues = Object.fromEntries(
    LINE_OPTION_NAMES.map((name) => [name, LINE_OPTIONS[name].initial]),
  ) as LineValues;
  for (const word of words) {
    const [, name, value] = /^([a-z-]+)=(.*)$/s.exec(word) ?? [];
    if (name === undefined) throw new Error('after the URL, expected options such as events=expired,limit');
    if (!isLineOption(name)) throw new Error(unknown(name));
    if (given.has(name)) throw new Error(`${name}= is there twice`);
    given.add(name);
    Object.assign(values, { [name]: read(name, value) });
  }
  if (!values.private && isKnownPrivate(hostname)) {
    throw new Error('the receiver has a private address: add private=yes if that is right');
  }
  return {
    name: values.name || host,
    url,
    events: values.events,
    names: values.names,
    data: values.data,
    secretFile: values['secret-file'],
    caFile: values['tls-ca'],
    isPrivate: values.private,
    concurrency: values.concurrency,
    batch: values.batch,
    timeoutMs: values.timeout * 1000,
    retryForMs: values['retry-for'] * 1000,
  };
}

function isLineOption(name: string): name is LineOptionName {
  return Object.hasOwn(LINE_OPTIONS, name);
}

function unknown(name: string): string {
  const [near] = nearest(name, LINE_OPTION_NAMES);
  const list = LINE_OPTION_NAMES.map((each) => `${each}=`).join(', ');
  return near === undefined ? `a webhook has the options ${list}` : `there is no ${name}=; did you mean ${near}=?`;
}

function read(name: LineOptionName, value: string): unknown {
  try {
    return LINE_OPTIONS[name].read(value);
  } catch (error) {
    throw new Error(`${name}=: ${(error as Error).message}`);
  }
}

function parseUrl(text: string): URL {
  if (!/^https?:\/\/./i.test(text) || !URL.canParse(text)) {
    throw new Error('expected a URL that begins with https:// or http://');
  }
  const url = new URL(text);
  try {
    decodeURIComponent(url.username + url.password);
  } catch {
    throw new Error('expected a % in the user or password of the URL to be written as %25');
  }
  return url;
}

/** Whether it is clear from the URL alone. What a name leads to is checked with each connection. */
function isKnownPrivate(hostname: string): boolean {
  const address = hostname.replace(/^\[|\]$/g, '');
  return hostname === 'localhost' || (isIP(address) !== 0 && !isPublic(address));
}

function text(allowed: RegExp, expected: string): LineOption<string> {
  return {
    initial: '',
    read(value) {
      if (!allowed.test(value)) throw new Error(expected);
      return value;
    },
  };
}

function yesNo(): LineOption<boolean> {
  return {
    initial: false,
    read(value) {
      if (value !== 'yes' && value !== 'no') throw new Error('expected yes or no');
      return value === 'yes';
    },
  };
}

function integer(min: number, max: number, initial: number): LineOption<number> {
  return {
    initial,
    read(value) {
      const number = Number(value);
      if (!/^\d{1,9}$/.test(value) || number < min || number > max) {
        throw new Error(`expected a whole number from ${min} to ${max}`);
      }
      return number;
    },
  };
}

function readEvents(value: string): ReadonlySet<string> {
  const events = value.split(',');
  for (const event of events) {
    if (!EVENT_NAMES.some((name) => name === event)) throw new Error(`expected some of ${EVENT_NAMES.join(',')}`);
  }
  return new Set(events);
}

function readPattern(value: string): string {
  const pattern = Buffer.from(value).toString('latin1');
  globMatcher(pattern);
  return pattern;
}
