import type { Socket } from 'node:net';
import type { Clock } from '../engine/index.js';
import type { Counters } from '../execution/context/counters.js';
import { isLoopback, originOf } from '../origin.js';
import type { Access } from './access.js';
import { endSoon } from './end-socket.js';
import type { Incidents } from './incidents.js';
import { PROTECTED_MODE, reportProtectedMode } from './protected-mode.js';
import type { Settings } from './settings.js';
import type { Strangers } from './strangers.js';
import { hasUntrustedCertificate } from './tls.js';

/** At most this many refused connections at a time are sent an error. Others are just closed. */
const MAX_TURNED_AWAY = 256;

/** The longest that a handshake may take, in ms. */
const HANDSHAKE_MS = 10_000;

/** A connection whose TLS handshake is not finished. */
interface Handshake {
  readonly socket: Socket;
  /** In ms. */
  readonly since: number;
}

interface AdmissionOptions {
  readonly clock: Clock;
  readonly settings: Settings;
  readonly access: Access;
  readonly counters: Counters;
  readonly incidents: Incidents;
  /** Clients that have not authenticated. */
  readonly strangers: Strangers;
  /** The connected clients. */
  readonly clients: { readonly size: number };
}

/**
 * Decides which connections become clients: protected mode, certificates and `maxclients`. Connections in their TLS
 * handshake count as clients, because each has a file descriptor too.
 */
export class Admission {
  readonly #options: AdmissionOptions;
  /** By the client's address and port, the oldest first. */
  readonly #handshakes = new Map<string, Handshake>();
  /** Refused connections whose error has not been sent completely. */
  #turnedAway = 0;

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /** Call this when a connection begins its TLS handshake. */
  expect(socket: Socket): void {
    const from = endpointOf(socket);
    if (!this.#makeRoom()) {
      this.#rejectFull(socket);
      socket.destroy();
      return;
    }
    this.#handshakes.set(from, { socket, since: this.#options.clock.now() });
    socket.once('close', () => this.#handshakes.delete(from));
  }

  /**
   * Call this when a connection is ready to be served.
   * @param path The unix socket that accepted the connection, undefined for TCP.
   * @returns When the client connected, in ms of the clock, or undefined if the connection was refused.
   */
  admit(socket: Socket, path?: string): number | undefined {
    const { clock, counters } = this.#options;
    const from = endpointOf(socket);
    const since = this.#handshakes.get(from)?.since ?? clock.now();
    this.#handshakes.delete(from);
    counters.connections++;
    const refusal = this.#refusalOf(socket, path);
    if (refusal === undefined) return since;
    this.#turnAway(socket, refusal);
    return undefined;
  }

  /**
   * Ends handshakes that take too long. Call this about once a second.
   * @param now In ms.
   * @param patience The longest that a handshake may take, in ms.
   */
  checkPatience(now: number, patience: number): void {
    for (const { socket, since } of this.#handshakes.values()) {
      if (now - since < Math.min(patience, HANDSHAKE_MS)) continue;
      this.#options.counters.unauthenticatedDisconnections++;
      socket.destroy();
    }
  }

  /** Ends all handshakes. */
  close(): void {
    for (const { socket } of this.#handshakes.values()) socket.destroy();
  }

  #turnAway(socket: Socket, refusal: string): void {
    socket.on('error', () => {});
    // The socket stays open until its error is sent, but does not count as a client. In a flood of connections most get
    // no error.
    if (this.#turnedAway === MAX_TURNED_AWAY) {
      socket.destroy();
      return;
    }
    this.#turnedAway++;
    socket.once('close', () => this.#turnedAway--);
    endSoon(socket, this.#options.clock, `-${refusal}\r\n`);
  }

  /** Counts a connection that is refused, and returns the error for it, or undefined if it may become a client. */
  #refusalOf(socket: Socket, path?: string): string | undefined {
    const { access, counters, incidents } = this.#options;
    if (access.isProtected && path === undefined && !isLoopback(socket.remoteAddress ?? '')) {
      counters.rejectedByProtectedMode++;
      reportProtectedMode(incidents, 'a connection', originOf(socket.remoteAddress, false));
      return `DENIED ${PROTECTED_MODE}`;
    }
    if (hasUntrustedCertificate(socket)) {
      counters.rejectedByCertificate++;
      const from = originOf(socket.remoteAddress, path !== undefined);
      const message = `refused a connection from ${from}: tls-ca did not sign its certificate`;
      incidents.report('certificate', { message, fields: { from } });
      return 'DENIED tls-ca did not sign your certificate';
    }
    if (this.#makeRoom()) return undefined;
    this.#rejectFull(socket, path);
    return 'ERR max number of clients reached';
  }

  /**
   * Makes room for another connection if necessary, by disconnecting the client that has gone longest without
   * authenticating: otherwise clients without a password could keep others out just by connecting. Returns whether
   * there is room.
   */
  #makeRoom(): boolean {
    if (!this.#isFull) return true;
    this.#dismissOldest();
    return !this.#isFull;
  }

  get #isFull(): boolean {
    const { clients, settings } = this.#options;
    return clients.size + this.#handshakes.size >= settings.now.maxclients;
  }

  #dismissOldest(): void {
    const { counters, strangers } = this.#options;
    const [stranger, came] = strangers.oldest ?? [undefined, Infinity];
    for (const [from, { socket, since }] of this.#handshakes) {
      if (since > came) break;
      this.#handshakes.delete(from);
      counters.unauthenticatedDisconnections++;
      socket.destroy();
      return;
    }
    stranger?.dismiss('max number of clients reached');
  }

  /** Counts and logs a connection for which there is no room. */
  #rejectFull(socket: Socket, path?: string): void {
    const { counters, incidents, settings } = this.#options;
    counters.rejectedByMaxclients++;
    const { maxclients } = settings.now;
    const from = originOf(socket.remoteAddress, path !== undefined);
    const message = `refused a connection from ${from}: too many clients (maxclients ${maxclients})`;
    incidents.report('client-limit', { message, fields: { maxclients, from } });
  }
}

/** Identifies a connection to a port. */
function endpointOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
