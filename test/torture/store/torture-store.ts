import { setTimeout as wait } from 'node:timers/promises';
import { Partitions } from '../../../src/store/valkey/addressing/partitions.js';
import { Connection } from '../../tools/connection.js';
import { eventually } from '../../tools/eventually.js';
import { runLoadTest } from '../../tools/load-test.js';
import { Program } from '../../tools/program.js';
import { Random } from '../../tools/random.js';
import { RedisCluster } from '../../tools/redis-cluster.js';
import type { RedisServer } from '../../tools/redis-server.js';
import { isError, isStatus, type Reply, show } from '../../tools/replies.js';
import { Tally } from '../../tools/tally.js';
import { Auditor, askPatiently, guarded } from './auditor.js';
import { RawStore } from './raw-store.js';
import { isTransient, StoreClient } from './store-client.js';
import { StreamCheck } from './stream-check.js';
import { Subscriber } from './subscriber.js';

/**
 * The torture of the store: several clients use sessions in a real cluster through two servers. Servers are killed and
 * started again, a primary is killed and its replica takes over, nodes stop answering for a while. After each round,
 * everything must be as it was acknowledged, down to the store's own keys.
 */

const CLIENTS = 6;
const SERVERS = 2;
const PARTITIONS = 32;
/** The longest that an operation may take, in ms. */
const TIMEOUT = 600;
/** Far more than any fault lasts, so that no node fails over by itself. */
const NODE_TIMEOUT = 60_000;
const OPTIONS = [
  ...['--store-partitions', String(PARTITIONS), '--store-wait', '1', '--store-timeout', String(TIMEOUT)],
  ...['--store-events', '10000'],
  ...['--events-stream', 'yes', '--events-max-bytes', '1gb'],
];
/** In one of so many rounds all sessions are ended. */
const ENDING_ALL = 3;

class Torture {
  readonly #random: Random;
  readonly #cluster: RedisCluster;
  readonly #store: RawStore;
  readonly #servers: (Program | undefined)[] = [];
  /** One for each server. */
  readonly #subscribers = Array.from({ length: SERVERS }, () => new Subscriber());
  readonly #clients: readonly StoreClient[];
  /** A session in each partition, by its token: a server that can change them all serves all partitions. */
  readonly #probes: ReadonlyMap<string, string>;
  readonly #auditor: Auditor;
  readonly #stream: StreamCheck;
  readonly #tally = new Tally();
  #idOf: (origin: string) => string = () => '';

  constructor(random: Random, cluster: RedisCluster) {
    this.#random = random;
    this.#cluster = cluster;
    this.#store = new RawStore(cluster, PARTITIONS);
    this.#clients = Array.from(
      { length: CLIENTS },
      (_, i) => new StoreClient(i, random.fork(i), (origin) => this.#idOf(origin)),
    );
    const partitions = new Partitions(PARTITIONS);
    this.#probes = new Map(
      Array.from({ length: PARTITIONS }, (_, number) => [partitions.newTokenIn(number), `probe-${number}`]),
    );
    this.#auditor = new Auditor(this.#store, this.#clients, this.#probes);
    this.#stream = new StreamCheck(this.#store);
  }

  async run(rounds: number): Promise<void> {
    for (let i = 0; i < SERVERS; i++) await this.#start(i);
    this.#idOf = await this.#store.publicIds();
    // The first rounds have one fault each, in any order.
    const order = this.#random.some(FAULTS.length, FAULTS.length, () => this.#random.fraction());
    const first = FAULTS.toSorted((a, b) => order[FAULTS.indexOf(a)] - order[FAULTS.indexOf(b)]);
    for (let round = 1; round <= rounds; round++) {
      const fault = first[round - 1] ?? this.#random.pick(FAULTS);
      try {
        await this.#loadDuring(fault, round % ENDING_ALL === 1);
        await this.#recover(round);
        await this.#audit(fault);
      } catch (error) {
        throw new Error(`round ${round}, ${fault}: ${(error as Error).message}`, { cause: error });
      }
      console.log(`round ${String(round).padStart(3)}: ${fault}; ${this.#news()}; ${this.#auditor.sessions} sessions`);
      this.#tally.count(fault);
    }
    const took = await this.#auditor.auditTidiness();
    console.log(`at the end: all indexes were exact after ${Math.round(took / 1000)} s`);
    await this.#audit('a server is killed');
    await this.#stop();
    this.#tally.count('events', this.#auditor.events);
    this.#tally.print();
  }

  async #start(number: number): Promise<void> {
    const addresses = this.#cluster.nodes.map(({ port }) => `127.0.0.1:${port}`).join(',');
    const server = Program.launch(['--store', `redis://${addresses}`, ...OPTIONS]);
    const { port } = await guarded('the server is ready', server.ready);
    await guarded('the subscriber is answered', this.#subscribers[number].begin(port));
    this.#servers[number] = server;
  }

  /** Creates the probes that do not exist. */
  async #createProbes(): Promise<void> {
    await this.#ask(0, async (connection) => {
      const requests = [...this.#probes].map(([token, name]) => ['SESSION.NEW', name, 'TOKEN', token]);
      const replies = await askPatiently(connection, requests);
      [...this.#probes.keys()].forEach((token, i) => {
        if (replies[i] !== token && !isError(replies[i], 'SESSIONEXISTS')) {
          throw new Error(`SESSION.NEW replied ${show(replies[i])}`);
        }
      });
    });
  }

  async #ask<Result>(number: number, use: (connection: Connection) => Promise<Result>): Promise<Result> {
    const connection = await Connection.open({ port: this.#servers[number]?.port ?? 0 });
    try {
      return await guarded('the server has answered', use(connection));
    } finally {
      connection.close();
    }
  }

  /** @param isEndingAll Whether all sessions are ended at some time. */
  async #loadDuring(fault: Fault, isEndingAll: boolean): Promise<void> {
    const ports = () => this.#servers.filter((server) => server !== undefined).map(({ port }) => port);
    const load = Promise.all(this.#clients.map((client) => client.load(ports)));
    const events = async () => {
      await wait(this.#random.between(200, 500));
      await Promise.all([this.#cause(fault), isEndingAll && this.#endAll()]);
      await wait(this.#random.between(200, 500));
      for (const client of this.#clients) client.stop();
    };
    // Whichever fails first is reported.
    await Promise.all([guarded('everything is answered', load), events()]);
  }

  async #endAll(): Promise<void> {
    await wait(this.#random.between(0, TIMEOUT));
    const server = this.#servers.find((one) => one !== undefined);
    const connection = await Connection.open({ port: server?.port ?? 0 }).catch(() => undefined);
    // Both servers are down, or about to be.
    if (connection === undefined) return;
    const settle = this.#clients.map((client) => client.endAll());
    const reply = await guarded('all sessions have ended', connection.ask('SESSION.ENDALL'));
    connection.close();
    const isDone = typeof reply === 'number';
    if (!isDone && reply !== undefined && !isTransient(reply)) throw new Error(`SESSION.ENDALL replied ${show(reply)}`);
    for (const one of settle) one(isDone);
    this.#tally.count(`SESSION.ENDALL ${isDone ? 'answered' : 'failed'}`);
  }

  async #cause(fault: Fault): Promise<void> {
    const random = this.#random;
    const one = random.between(0, SERVERS - 1);
    const primary = await this.#cluster.primaryOf(random.between(0, 16_383), this.#cluster.nodes[0]);
    const pause = random.between(1.2 * TIMEOUT, 2.5 * TIMEOUT);
    switch (fault) {
      case 'a server is killed':
        return this.#killServer(one, random.between(0, 800));
      case 'both servers are killed':
        await Promise.all([0, 1].map((number) => this.#killServer(number, random.between(0, 800))));
        return;
      case 'a primary is killed':
        return this.#killPrimary(primary, random.between(0, 2 * TIMEOUT));
      case 'a primary and a server are killed':
        await Promise.all([
          this.#killPrimary(primary, random.between(0, 500)),
          this.#killServer(one, random.between(0, 800)),
        ]);
        return;
      case 'a primary is cut off and replaced':
        return this.#cutOff(primary, pause);
      case 'a primary does not answer':
        return stopFor(primary, pause);
      case 'a replica does not answer':
        return stopFor(await this.#cluster.replicaOf(primary), pause);
    }
  }

  /** @param pause Until it is started again, in ms. */
  async #killServer(number: number, pause: number): Promise<void> {
    const server = this.#servers[number];
    this.#servers[number] = undefined;
    await server?.kill();
    this.#subscribers[number].end();
    await wait(pause);
    await this.#start(number);
  }

  /**
   * Kills a primary, lets its replica take over, and starts it again as a replica.
   * @param pause Before the takeover, in ms.
   */
  async #killPrimary(primary: RedisServer, pause: number): Promise<void> {
    const replica = await this.#cluster.replicaOf(primary);
    await primary.kill();
    await wait(pause);
    await this.#takeOver(primary, replica);
    await primary.restart();
  }

  /** Stops a primary, lets its replica take over, and lets it go on. @param pause Until it goes on, in ms. */
  async #cutOff(primary: RedisServer, pause: number): Promise<void> {
    const replica = await this.#cluster.replicaOf(primary);
    primary.pause();
    try {
      await wait(pause / 2);
      await this.#takeOver(primary, replica);
      await wait(pause / 2);
    } finally {
      primary.resume();
    }
  }

  async #takeOver(primary: RedisServer, replica: RedisServer): Promise<void> {
    const id = String(await replica.ask('CLUSTER', 'MYID'));
    // It needs no votes: those depend on how fast the nodes are.
    await replica.ask('CLUSTER', 'FAILOVER', 'TAKEOVER');
    const others = this.#cluster.nodes.filter((node) => node !== primary);
    const know = async (node: RedisServer) =>
      (await this.#cluster.view(node)).some((it) => it.id === id && it.isPrimary);
    await guarded(
      'the replica is the primary',
      eventually(async () => (await Promise.all(others.map(know))).every(Boolean)),
    );
  }

  /** Waits until everything works again by itself. */
  async #recover(round: number): Promise<void> {
    await guarded('the cluster is healthy', this.#cluster.ready(SPARE));
    await guarded(
      'all replicas follow their primaries',
      eventually(async () => {
        const all = await Promise.all(this.#cluster.nodes.map((node) => node.ask('INFO', 'replication')));
        const replicas = all.map(String).filter((info) => info.includes('role:slave'));
        return replicas.length === SPARE && replicas.every((info) => info.includes('master_link_status:up'));
      }),
    );
    // An operation may go on for a while after its client has got an error.
    await wait(TIMEOUT + 300);
    await this.#createProbes();
    for (let i = 0; i < SERVERS; i++) {
      await this.#ask(i, async (connection) => {
        // Once these are on the replicas, everything before them is.
        const requests = [...this.#probes.keys()].map((token) => ['SESSION.SET', token, 'round', String(round)]);
        const replies = await askPatiently(connection, requests);
        const wrong = replies.find((reply: Reply) => !isStatus(reply, 'OK'));
        if (wrong !== undefined) throw new Error(`SESSION.SET replied ${show(wrong)}`);
      });
    }
  }

  /** @param fault What has happened since the last audit. */
  async #audit(fault: Fault): Promise<void> {
    const server = this.#random.between(0, SERVERS - 1);
    const events = await this.#ask(server, (connection) => this.#auditor.audit(connection));
    for (const subscriber of this.#subscribers) {
      await subscriber.check(events, !FAILOVERS.has(fault));
    }
    await this.#stream.check(events, !FAILOVERS.has(fault));
  }

  #news(): string {
    const sum = (of: (client: StoreClient) => number) => this.#clients.reduce((total, client) => total + of(client), 0);
    const answered = sum((client) => client.answered) - this.#tally.of('requests answered');
    const unknown = sum((client) => client.unknown) - this.#tally.of('outcomes unknown');
    this.#tally.count('requests refused', sum((client) => client.refused) - this.#tally.of('requests refused'));
    this.#tally.count('requests answered', answered);
    this.#tally.count('outcomes unknown', unknown);
    return `${answered} requests answered, ${unknown} outcomes unknown`;
  }

  async #stop(): Promise<void> {
    this.#store.close();
    for (const server of this.#servers) {
      server?.signal('SIGTERM');
      const code = await server?.exited();
      if (code !== 0) throw new Error(`after SIGTERM the server ended with ${code}`);
    }
  }
}

const FAULTS = [
  'a server is killed',
  'both servers are killed',
  'a primary is killed',
  'a primary and a server are killed',
  'a primary is cut off and replaced',
  'a primary does not answer',
  'a replica does not answer',
] as const;

type Fault = (typeof FAULTS)[number];

/** Those after which a replica takes over. */
const FAILOVERS: ReadonlySet<Fault> = new Set([
  'a primary is killed',
  'a primary and a server are killed',
  'a primary is cut off and replaced',
]);

/** How many replicas the cluster has. */
const SPARE = 3;

async function stopFor(node: RedisServer, ms: number): Promise<void> {
  node.pause();
  try {
    await wait(ms);
  } finally {
    node.resume();
  }
}

await runLoadTest(
  {
    name: 'torture:store',
    description:
      'Kills and stops servers and nodes of a real cluster under load, and checks what is in the store after that.',
    argument: { name: 'rounds', description: 'how many times', least: 1, usual: 50 },
  },
  async ({ amount, seed }) => {
    const cluster = await RedisCluster.start({ primaries: 3, replicas: 1, nodeTimeout: NODE_TIMEOUT });
    try {
      await new Torture(new Random(seed), cluster).run(amount);
    } finally {
      await cluster.stop();
    }
  },
);
