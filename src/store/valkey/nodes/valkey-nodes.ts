import { UnusableStoreError } from '../../remote-store.js';
import { CallRouter } from './call-router.js';
import type { ClientPackage } from './client-package.js';
import { Connection, type NodeAddress } from './connection.js';
import type { Discovery } from './discovery.js';
import { type Asked, authenticate, type Greeting, greet, loadLibrary, selectDatabase } from './greeting.js';
import type { Argument, ChannelListener, Nodes, NodesOptions, Reply, StoreState, Subscription } from './nodes.js';
import { Primaries } from './primaries.js';
import { Primary } from './primary.js';
import { codeOf, refusalOf } from './refusal.js';
import { Subscriber } from './subscriber.js';
import { Subscriptions } from './subscriptions.js';

/** How often the nodes' health is checked, in ms. */
const HEALTH_INTERVAL = 1000;

/** How long to wait before asking for the primaries, in ms, because many calls may notice at once that it is needed. */
const QUERY_DELAY = 50;

/** How many health checks there are between two queries for the primaries, while all nodes are healthy. */
const CHECKS_PER_QUERY = { cluster: 10, sentinel: 1, single: Number.POSITIVE_INFINITY };

/** The nodes of a store, as `connect.ts` makes them. */
export class ValkeyNodes implements Nodes {
  readonly #options: NodesOptions;
  readonly #discovery: Discovery;
  readonly #greeting: Greeting;
  readonly #primaries: Primaries;
  readonly #router: CallRouter;
  readonly #subscriptions: Subscriptions;
  #health: NodeJS.Timeout | undefined;
  #checks = 0;
  #timer: NodeJS.Timeout | undefined;
  #asking: Promise<void> | undefined;
  #isReachable = true;
  #since = Date.now();
  #lastError: string | undefined;
  #isClosed = false;

  constructor(client: ClientPackage, options: NodesOptions, discovery: Discovery, greeting: Greeting) {
    this.#options = options;
    this.#discovery = discovery;
    this.#greeting = greeting;
    this.#primaries = new Primaries((address) => this.#createPrimary(address));
    this.#router = new CallRouter(this.#primaries, options, () => this.#askAgain());
    this.#subscriptions = new Subscriptions(
      (primary, listener) => {
        const { address } = primary;
        return Subscriber.open(client, primary, options, (ask) => this.#login({ address, ask }), listener);
      },
      () => this.#askAgain(),
    );
  }

  /**
   * Connects to the primaries. Resolves when each has been tried.
   * @throws UnusableStoreError (rejects) if one of them cannot be used, or none can be reached.
   */
  async begin(): Promise<void> {
    this.#primaries.apply(await this.#discovery.ask());
    const primaries = [...this.#primaries];
    const attempts = await Promise.allSettled(primaries.map((primary) => primary.firstAttempt));
    const failures = attempts.flatMap((attempt) => (attempt.status === 'rejected' ? [attempt.reason as Error] : []));
    const unusable = failures.find((failure) => failure instanceof UnusableStoreError);
    if (unusable !== undefined) throw unusable;
    if (failures.length === primaries.length) {
      throw new UnusableStoreError(`cannot use the store (${this.#failures().join('; ') || 'no node has any slot'})`);
    }
    this.#updateState();
    this.#health = setInterval(() => this.#checkHealth(), HEALTH_INTERVAL);
  }

  #createPrimary(address: NodeAddress): Primary {
    return new Primary(address, this.#open, this.#prepare, this.#options.wait > 0, {
      onReady: () => this.#changed(),
      onFailure: () => this.#failed(),
    });
  }

  /** Connects to a node and logs in. */
  readonly #open = async (address: NodeAddress): Promise<Connection> => {
    const connection = await Connection.open(address, this.#options);
    try {
      await this.#login(connection);
    } catch (error) {
      connection.close();
      throw error;
    }
    return connection;
  };

  async #login(node: Asked): Promise<void> {
    const { user, password, database } = this.#options;
    if (password !== undefined) await authenticate(node, user, password);
    await selectDatabase(node, database);
    // Operators see the name in CLIENT LIST. Some services do not allow the command.
    await node.ask('CLIENT', 'SETNAME', 'respite').catch(() => {});
  }

  readonly #prepare = async (connection: Connection): Promise<void> => {
    await greet(connection);
    await loadLibrary(connection, this.#options.library);
  };

  // What is known of the primaries.

  /** Asks which primaries there are, soon. */
  #askAgain(): void {
    if (this.#isClosed) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#ask();
    }, QUERY_DELAY);
  }

  async #ask(): Promise<void> {
    this.#asking ??= this.#discovery
      .ask()
      .then(
        (topology) => {
          if (this.#isClosed) return;
          this.#primaries.apply(topology);
          this.#changed();
        },
        // This is repeated soon, because what makes it fail makes primaries fail too.
        () => {},
      )
      .finally(() => {
        this.#asking = undefined;
      });
    return this.#asking;
  }

  /** Call this when the primaries have changed, or one has become ready. */
  #changed(): void {
    this.#router.reassign();
    this.#subscriptions.reconcile();
    this.#updateState();
  }

  #failed(): void {
    this.#updateState();
    if (!this.#isReachable) this.#askAgain();
  }

  #checkHealth(): void {
    this.#checks += 1;
    // The node that was asked may not know of a failover that others know of.
    if (!this.#isReachable && this.#asking === undefined) this.#discovery.askAnother();
    if (!this.#isReachable || this.#checks % CHECKS_PER_QUERY[this.#greeting.kind] === 0) void this.#ask();
    for (const primary of this.#primaries) {
      const { connection } = primary;
      const isQuiet = connection?.isBusy === false && performance.now() - connection.heardAt >= HEALTH_INTERVAL;
      if (connection !== undefined && isQuiet) void this.#probe(primary, connection);
    }
  }

  /** Asks a primary for a key. Unlike PING, this shows whether the cluster is up and the node is still a primary. */
  async #probe(primary: Primary, connection: Connection): Promise<void> {
    const key = this.#router.aKeyAt(primary);
    await connection.ask(...(key === undefined ? ['PING'] : ['EXISTS', key])).then(
      () => {
        if (primary.connection === connection) primary.failure = undefined;
      },
      ({ message }: Error) => {
        if (refusalOf(message) === 'moved') this.#askAgain();
        else if (refusalOf(message) === 'later' && codeOf(message) !== 'ASK') primary.failure = message;
      },
    );
  }

  #failures(): string[] {
    return [...this.#primaries].flatMap(({ address, failure }) =>
      failure === undefined ? [] : `${address}: ${failure}`,
    );
  }

  #updateState(): void {
    const failures = this.#failures();
    if (!this.#primaries.isComplete) failures.push('not every slot has a primary');
    const [failure] = failures;
    if (failure !== undefined) this.#lastError = failure;
    const isReachable = failure === undefined;
    if (isReachable === this.#isReachable) return;
    this.#isReachable = isReachable;
    this.#since = Date.now();
  }

  // The methods of `Nodes`.

  call(partition: number, fn: string, args: readonly Argument[]): Promise<Reply> {
    return this.#router.call(partition, fn, args);
  }

  command(partition: number, words: readonly Argument[], isRead: boolean): Promise<Reply> {
    return this.#router.command(partition, words, isRead);
  }

  subscribe(channel: string, partitions: Iterable<number>, listener: ChannelListener): Subscription {
    const found = (indexes: Iterable<number>) => Array.from(indexes, (index) => this.#router.partition(index));
    const subscription = this.#subscriptions.subscribe(channel, found(partitions), listener);
    return { set: (indexes) => subscription.set(found(indexes)), close: () => subscription.close() };
  }

  state(): StoreState {
    const { times, failures } = this.#router;
    return {
      ...this.#greeting,
      primaries: Array.from(this.#primaries, ({ address }) => address),
      reachable: this.#isReachable,
      since: this.#since,
      lastError: this.#lastError,
      times,
      failures,
    };
  }

  async close(): Promise<void> {
    this.#subscriptions.close();
    await this.#router.drain();
    this.#isClosed = true;
    clearInterval(this.#health);
    clearTimeout(this.#timer);
    this.#router.close();
    this.#primaries.close();
    this.#discovery.close();
  }
}
