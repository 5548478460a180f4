import { Connection } from '../../tools/connection.js';
import { eventually } from '../../tools/eventually.js';
import type { Reply } from '../../tools/replies.js';
import { guarded } from './auditor.js';
import type { OutboxEvent } from './raw-store.js';

const PREFIX = '__session__:';

/** Subscribes to the events of all sessions through one server, and knows which it should have received. */
export class Subscriber {
  #connection: Connection | undefined;
  /** Since when each event must arrive, in unix ms. */
  #since = Infinity;
  /** How often each event has arrived. */
  readonly #received = new Map<string, number>();

  /** Subscribes through a server. @param port Where the server listens. */
  async begin(port: number): Promise<void> {
    this.end();
    const connection = await Connection.open({ port });
    connection.intercept = (reply) => this.#isMessage(reply);
    this.#connection = connection;
    if ((await connection.ask('PSUBSCRIBE', `${PREFIX}*`)) !== undefined) this.#since = Date.now();
  }

  /** The server has been killed. */
  end(): void {
    this.#since = Infinity;
    this.#connection?.close();
    this.#received.clear();
  }

  #isMessage(reply: Reply): boolean {
    if (!Array.isArray(reply) || reply[0] !== 'pmessage') return false;
    const [, , channel, token] = reply;
    const event = `${String(channel).slice(PREFIX.length)} ${token}`;
    this.#received.set(event, (this.#received.get(event) ?? 0) + 1);
    return true;
  }

  /**
   * Waits until everything has arrived that happened since it subscribed.
   * @param events What has happened since the last check.
   * @param isExact Whether nothing may have arrived twice. A failover may lose what was published already.
   * @throws Error if something has.
   */
  async check(events: readonly OutboxEvent[], isExact: boolean): Promise<void> {
    const all = counts(events);
    const due = [...counts(events.filter(({ at }) => at > this.#since))];
    let missing: string[] = [];
    await guarded(
      () => `a subscriber has received ${missing.length} of ${due.length} events: ${missing.slice(0, 5).join(', ')}`,
      eventually(() => {
        missing = due.flatMap(([event, count]) => ((this.#received.get(event) ?? 0) < count ? [event] : []));
        return missing.length === 0;
      }),
    );
    if (isExact) {
      for (const [event, count] of this.#received) {
        const most = all.get(event) ?? 0;
        if (count > most)
          throw new Error(`a subscriber received ${event} ${count} times, and the outbox has it ${most} times`);
      }
    }
    this.#received.clear();
  }
}

/** How often each event has happened: `<event>:<name> <token>`. */
export function counts(events: readonly OutboxEvent[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const { event, name, token } of events) {
    const text = `${event}:${name} ${token}`;
    found.set(text, (found.get(text) ?? 0) + 1);
  }
  return found;
}
