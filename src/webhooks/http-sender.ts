import { lookup as resolve } from 'node:dns';
import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import type { Clock } from '../engine/index.js';
import { isPublic } from '../public-address.js';
import { reasonOf } from '../system-error.js';
import { version } from '../version.js';
import type { Headers, Outcome, Sender } from './sender.js';

/** The most bytes of a response that are read. Nothing is done with them. */
const MOST_RESPONSE_BYTES = 64 * 1024;
/** How long it may take to resolve the name and to connect, TLS included, in ms. */
const CONNECT_MS = 10_000;
/** The most characters of a reason. */
const LONGEST_REASON = 200;
/** A connection that the receiver closed while it was idle. Nothing is wrong with the receiver then. */
const STALE = new Set(['ECONNRESET', 'EPIPE']);

interface HttpSenderOptions {
  readonly url: string;
  /** CA certificates in PEM. Undefined for those that Node.js trusts. */
  readonly ca: string | undefined;
  /** Whether the receiver may be at a private address. */
  readonly isPrivate: boolean;
  /** The most connections. */
  readonly connections: number;
  /** How long a request may take, from resolving the name to the end of the response, in ms. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  /** Resolves names; by default as the system does. */
  readonly resolve?: typeof resolve;
}

/**
 * Sends messages over HTTP or HTTPS, and keeps connections for the next ones. It follows no redirect, so a message
 * goes where the operator has sent it. Unless private addresses are allowed, it connects to no other than public ones:
 * what is checked is the address to which it then connects, so a name cannot lead elsewhere in between.
 */
export class HttpSender implements Sender {
  readonly #options: HttpSenderOptions;
  readonly #url: URL;
  readonly #agent: HttpAgent | HttpsAgent;
  readonly #requests = new Set<ClientRequest>();

  constructor(options: HttpSenderOptions) {
    this.#options = options;
    this.#url = new URL(options.url);
    const { connections, ca } = options;
    const settings = {
      keepAlive: true,
      maxSockets: connections,
      maxFreeSockets: connections,
      ...(!options.isPrivate && { lookup: lookupPublic(options.resolve ?? resolve) }),
    };
    this.#agent =
      this.#url.protocol === 'https:'
        ? // Explicitly, because an environment variable can turn it off.
          new HttpsAgent({ ...settings, rejectUnauthorized: true, ...(ca !== undefined && { ca }) })
        : new HttpAgent(settings);
  }

  async send(headers: Headers, body: Buffer): Promise<Outcome> {
    // Each such connection is gone then. More of them than there were means that the receiver does not want the message.
    for (let kept = this.#options.connections; ; kept--) {
      const outcome = await this.#sendOnce(headers, body);
      if (outcome !== 'stale') return outcome;
      if (kept === 0) return { ok: false, reason: 'the receiver closes each connection' };
    }
  }

  close(): void {
    for (const request of this.#requests) request.destroy(new Error('the webhook is closed'));
    this.#agent.destroy();
  }

  /** @returns `stale` if the connection was an old one that turned out to be closed. */
  #sendOnce(headers: Headers, body: Buffer): Promise<Outcome | 'stale'> {
    const { clock, timeoutMs } = this.#options;
    return new Promise((settle) => {
      const request = this.#open(headers, body);
      this.#requests.add(request);
      const cancels: (() => void)[] = [];
      const end = (outcome: Outcome | 'stale') => {
        for (const cancel of cancels) cancel();
        this.#requests.delete(request);
        settle(outcome);
      };
      const fail = (reason: string) => end({ ok: false, reason: reason.slice(0, LONGEST_REASON) });
      const giveUp = (ms: number, reason: string) => {
        const cancel = clock.after(ms, () => {
          fail(reason);
          request.destroy();
        });
        cancels.push(cancel);
        return cancel;
      };
      giveUp(timeoutMs, `no complete response within ${timeoutMs / 1000} s`);
      const connectMs = Math.min(CONNECT_MS, timeoutMs);
      const connected = giveUp(connectMs, `no connection within ${connectMs / 1000} s`);
      request.on('socket', (socket) => {
        if (!socket.connecting) connected();
        else socket.once(this.#url.protocol === 'https:' ? 'secureConnect' : 'connect', connected);
      });
      request.on('error', (error: NodeJS.ErrnoException) => {
        if (request.reusedSocket && STALE.has(error.code ?? '')) end('stale');
        else fail(reasonOf(error));
      });
      request.on('response', (response) => {
        const outcome = outcomeOf(response, clock.wall());
        let left = MOST_RESPONSE_BYTES;
        response.on('data', (chunk: Buffer) => {
          left -= chunk.length;
          if (left >= 0) return;
          // The status says all.
          end(outcome);
          request.destroy();
        });
        response.on('end', () => end(outcome));
        response.on('error', () => fail('the response ended early'));
      });
      // If it has ended in no other way.
      request.on('close', () => fail('the connection was closed'));
      request.end(body);
    });
  }

  #open(headers: Headers, body: Buffer): ClientRequest {
    const { username, password } = this.#url;
    const send = this.#url.protocol === 'https:' ? httpsRequest : httpRequest;
    return send(this.#url, {
      method: 'POST',
      agent: this.#agent,
      headers: {
        ...headers,
        'content-type': 'application/json',
        'content-length': body.length,
        'user-agent': `respite/${version}`,
      },
      ...((username !== '' || password !== '') && {
        auth: `${decodeURIComponent(username)}:${decodeURIComponent(password)}`,
      }),
    });
  }
}

/** @param now In Unix ms. */
function outcomeOf({ statusCode = 0, headers }: IncomingMessage, now: number): Outcome {
  if (statusCode >= 200 && statusCode < 300) return { ok: true, status: statusCode, reason: '' };
  const redirect = statusCode >= 300 && statusCode < 400 ? ', a redirect, which is not followed' : '';
  return {
    ok: false,
    status: statusCode,
    reason: `the response was ${statusCode}${redirect}`,
    retryAfterMs: statusCode === 429 || statusCode === 503 ? msOf(headers['retry-after'], now) : undefined,
  };
}

/** Returns the ms that a header Retry-After means: seconds, or a date. */
function msOf(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

/** Returns what resolves names to public addresses only. */
function lookupPublic(resolveName: typeof resolve): LookupFunction {
  return (hostname, options, callback) => {
    resolveName(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) {
        callback(error, '');
        return;
      }
      const allowed = found.filter(({ address }) => isPublic(address));
      if (allowed.length === 0) callback(new Error('the receiver has only private addresses: see private=yes'), '');
      else if (options.all) callback(null, allowed);
      else callback(null, allowed[0].address, allowed[0].family);
    });
  };
}
