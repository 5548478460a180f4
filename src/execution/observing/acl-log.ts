import { redactedText } from './redaction.js';

/** The number of entries that are kept, as in Redis. */
const MAX_ENTRIES = 128;
/** The same refusal within this many ms counts in the same entry, as in Redis. */
const SAME_WITHIN_MS = 60_000;

type Reason = 'auth' | 'command';

/** A kind of refusal, and how often it happened. */
interface AclLogEntry {
  readonly id: number;
  count: number;
  readonly reason: Reason;
  readonly context: 'toplevel' | 'multi' | 'lua';
  /** `AUTH`, or the command that was refused. */
  readonly object: string;
  /** The name that the client gave or has, without anything that could be a token. */
  readonly username: string;
  /** Who the latest client was. */
  client: string;
  /** In unix ms. */
  readonly createdAt: number;
  updatedAt: number;
}

/** The client that was refused. */
interface Refused {
  readonly id: number;
  readonly address: string;
  readonly localAddress: string;
  readonly name: string;
  readonly user: { readonly name: string } | undefined;
  readonly transaction: { readonly executing: boolean };
}

/** The latest commands and passwords that were refused: ACL LOG. */
export class AclLog {
  readonly #wall: () => number;
  /** Latest first. */
  #entries: AclLogEntry[] = [];
  #nextId = 0;

  /** @param wall Reads the wall clock, in ms. */
  constructor(wall: () => number) {
    this.#wall = wall;
  }

  /** @param isInScript Whether a script has called the command. */
  add(reason: Reason, object: string, user: string, client: Refused, isInScript = false): void {
    const context = isInScript ? 'lua' : client.transaction.executing ? 'multi' : 'toplevel';
    const username = redactedText(user);
    const now = this.#wall();
    const known = this.#entries.findIndex(
      (entry) =>
        entry.reason === reason &&
        entry.object === object &&
        entry.username === username &&
        entry.context === context &&
        now - entry.createdAt < SAME_WITHIN_MS,
    );
    const description = `id=${client.id} addr=${client.address} laddr=${client.localAddress} name=${redactedText(client.name)} user=${client.user?.name ?? 'default'}`;
    if (known >= 0) {
      const [entry] = this.#entries.splice(known, 1);
      entry.count++;
      entry.client = description;
      entry.updatedAt = now;
      this.#entries.unshift(entry);
      return;
    }
    const times = { createdAt: now, updatedAt: now };
    this.#entries.unshift({
      id: this.#nextId++,
      count: 1,
      reason,
      context,
      object,
      username,
      client: description,
      ...times,
    });
    this.#entries.length = Math.min(this.#entries.length, MAX_ENTRIES);
  }

  /** Returns the latest `count` entries, latest first. */
  latest(count: number): readonly Readonly<AclLogEntry>[] {
    return this.#entries.slice(0, count);
  }

  clear(): void {
    this.#entries = [];
  }
}
