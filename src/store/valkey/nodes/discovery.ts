import { endpoint } from '../../../endpoint.js';
import { UnusableStoreError } from '../../remote-store.js';
import { Connection, type NodeAddress } from './connection.js';
import { authenticate, type Greeting, greet } from './greeting.js';
import type { NodesOptions } from './nodes.js';
import { askCluster, askSentinel, singlePrimary, type Topology } from './topology.js';

/** Finds out which primaries there are: from a node of the cluster, from a Sentinel, or from the options. */
export class Discovery {
  readonly #options: NodesOptions;
  /** The node that answered last. */
  #advisor: Advisor | undefined;
  /** Other nodes to ask, in addition to those in the options. */
  #known: readonly NodeAddress[] = [];
  #isClosed = false;

  constructor(options: NodesOptions) {
    this.#options = options;
  }

  /**
   * Finds out what kind of store is at the addresses.
   * @throws UnusableStoreError (rejects) if no node answers, or the one that answers cannot be used.
   */
  async begin(): Promise<Greeting> {
    return (await this.#find()).greeting;
  }

  /**
   * Asks which primaries there are now.
   * @throws Error (rejects) if no node knows; UnusableStoreError if the Sentinels do not know the name.
   */
  async ask(): Promise<Topology> {
    const { connection, address, greeting } = this.#advisor ?? (await this.#find());
    const { tls, sentinelName } = this.#options;
    try {
      switch (greeting.kind) {
        case 'single':
          return singlePrimary(address);
        case 'cluster':
          return this.#learn(await askCluster(connection, address.host, tls !== undefined));
        case 'sentinel':
          return this.#learn(await askSentinel(connection, sentinelName));
      }
    } catch (error) {
      // Another node may know better.
      this.askAnother();
      throw error;
    }
  }

  #learn(topology: Topology): Topology {
    this.#known = topology.advisors;
    return topology;
  }

  async #find(): Promise<Advisor> {
    const failures: Error[] = [];
    for (const address of fromRandomStart([...this.#options.addresses, ...this.#known])) {
      let connection: Connection | undefined;
      try {
        connection = await Connection.open(address, this.#options);
        const advisor = { connection, address, greeting: await this.#introduce(connection) };
        this.#advisor = advisor;
        connection.onEnd = () => this.askAnother();
        if (this.#isClosed) this.askAnother();
        return advisor;
      } catch (error) {
        connection?.close();
        failures.push(withAddress(address, error as Error));
      }
    }
    const unusable = failures.find((failure) => failure instanceof UnusableStoreError);
    const reasons = failures.map(({ message }) => message).join('; ');
    throw unusable ?? new UnreachableError(`cannot connect to the store (${reasons})`);
  }

  async #introduce(connection: Connection): Promise<Greeting> {
    const { user, password, sentinelPassword } = this.#options;
    if (sentinelPassword !== undefined) await authenticate(connection, undefined, sentinelPassword);
    else if (password !== undefined) {
      // Sentinels often do not have the users of the primary. Only now does the node say whether it is one.
      const failure = await authenticate(connection, user, password).catch((error: Error) => error);
      const greeting = await greet(connection).catch((error) => {
        throw failure ?? error;
      });
      if (failure !== undefined && greeting.kind !== 'sentinel') throw failure;
      return greeting;
    }
    return greet(connection);
  }

  /** Closes the connection to the node that answered last, so that another one may be asked next time. */
  askAnother(): void {
    const { connection } = this.#advisor ?? {};
    this.#advisor = undefined;
    connection?.close();
  }

  close(): void {
    this.#isClosed = true;
    this.askAnother();
  }
}

/** No node answers. A later attempt may succeed. */
export class UnreachableError extends UnusableStoreError {}

interface Advisor {
  readonly connection: Connection;
  readonly address: NodeAddress;
  readonly greeting: Greeting;
}

/** Rotates addresses to start at a random one, because the first may answer but have outdated information. */
function fromRandomStart(addresses: readonly NodeAddress[]): NodeAddress[] {
  const first = Math.floor(Math.random() * addresses.length);
  return [...addresses.slice(first), ...addresses.slice(0, first)];
}

function withAddress({ host, port }: NodeAddress, error: Error): Error {
  return error instanceof UnusableStoreError ? error : new Error(`${endpoint(host, port)}: ${error.message}`);
}
