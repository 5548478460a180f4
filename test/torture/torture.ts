import { mkdtempSync, readdirSync, rmSync, statSync, watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Connection, scanSessions } from '../tools/connection.js';
import { runLoadTest } from '../tools/load-test.js';
import { Program } from '../tools/program.js';
import { Random } from '../tools/random.js';
import { show } from '../tools/replies.js';
import { Tally } from '../tools/tally.js';
import { Client, type Policy } from './client.js';
import { EventReader } from './event-reader.js';

/**
 * The torture kills the program again and again at random moments: under load, while it compacts its journal, and while
 * it loads it. Each time it starts the program on what is left. Each client knows what the server acknowledged, and
 * checks that it is there. All rounds use the same directory.
 */

const CLIENTS = 5;
/** How many sessions are never changed. They make a compaction take a while. */
const BALLAST = 2500;
/** A server is killed at most this many ms after it is ready. It starts a compaction that is due after a second. */
const LONGEST = 1400;
/** About how many ms a start takes. */
const START = 300;

type Moment = 'any' | 'soon' | 'compaction';

const MOMENTS: Record<Moment, string> = { any: 'at any moment', soon: 'soon', compaction: 'during a compaction' };

class Torture {
  readonly #directory: string;
  readonly #journal: string;
  readonly #random: Random;
  readonly #clients: readonly Client[];
  readonly #reader: EventReader;
  /** The values of the sessions that are never changed, by token. */
  readonly #ballast = new Map<string, string>();
  readonly #tally = new Tally();
  /** When the server was killed, in ms. */
  #killed = 0;

  constructor(directory: string, random: Random) {
    this.#directory = directory;
    this.#journal = join(directory, 'journal');
    this.#random = random;
    this.#clients = Array.from({ length: CLIENTS }, (_, i) => new Client(i, random.fork(i)));
    this.#reader = new EventReader(random.fork(CLIENTS));
  }

  async run(rounds: number): Promise<void> {
    let before: Policy = 'always';
    for (let round = 1; round <= rounds; round++) {
      const policy = this.#random.pick<Policy>(['always', 'always', 'always', 'everysec', 'everysec', 'no']);
      const attempts = await this.#killWhileStarting(policy);
      const server = await this.#start(policy).ready;
      const found = await this.#checkAll(server.port, policy);
      if (this.#ballast.size === 0) await this.#makeBallast(server.port);
      const moment = this.#random.pick<Moment>(['any', 'any', 'soon', 'compaction', 'compaction']);
      await this.#killUnderLoad(server, policy, moment);
      this.#tally.count(`killed under ${policy}`);
      console.log(
        `round ${String(round).padStart(3)}: after ${before.padEnd(8)} ${found}; ${attempts}now ${policy}, killed ${MOMENTS[moment]}`,
      );
      before = policy;
    }
    const server = await this.#start('always').ready;
    console.log(`at the end: ${await this.#checkAll(server.port, 'always')}`);
    server.signal('SIGTERM');
    const code = await server.exited();
    if (code !== 0) throw new Error(`after SIGTERM the server ended with ${code}`);
    this.#tally.print();
  }

  #start(policy: Policy): Program {
    return Program.launch([
      ...['--appendonly', 'yes', '--appendfsync', policy, '--dir', this.#directory],
      ...['--auto-aof-rewrite-percentage', '10', '--auto-aof-rewrite-min-size', '100kb'],
      ...['--events-stream', 'yes', '--events-max-len', '0', '--events-max-bytes', '10gb'],
    ]);
  }

  /** Now and then, kills the program while it starts. Returns what to print about it. */
  async #killWhileStarting(policy: Policy): Promise<string> {
    let attempts = 0;
    while (this.#random.chance(0.25)) {
      const server = this.#start(policy);
      await Promise.race([wait(this.#random.between(0, START)), server.ready]);
      await server.kill();
      attempts++;
      this.#tally.count('killed while starting');
    }
    return attempts === 0 ? '' : `killed ${attempts} times while starting, `;
  }

  async #killUnderLoad(server: Program, policy: Policy, moment: Moment): Promise<void> {
    const load = Promise.all([...this.#clients, this.#reader].map((client) => client.load(server.port, policy)));
    const isOver = load.then(() => {
      throw new Error(`the server ended by itself:\n${server.log.split('\n').slice(-10).join('\n')}`);
    });
    await Promise.race([this.#until(moment), isOver]);
    isOver.catch(() => {});
    this.#killed = performance.now();
    await server.kill();
    await load;
  }

  #until(moment: Moment): Promise<void> {
    if (moment === 'compaction') return this.#untilCompaction();
    return wait(this.#random.fraction() * (moment === 'soon' ? 50 : LONGEST));
  }

  /** Resolves at some point during a compaction: after one of the changes that it makes to the journal's directory. */
  async #untilCompaction(): Promise<void> {
    const steps = this.#random.between(1, 12);
    const delay = this.#random.chance(0.5) ? 0 : this.#random.fraction() * 20;
    await new Promise<void>((resolve) => {
      let seen = 0;
      const watcher = watch(this.#journal, (event) => {
        // Writing changes the file, not the directory.
        if (event === 'rename' && ++seen >= steps) done();
      });
      // No compaction may be due.
      const timer = setTimeout(() => done(), 2 * LONGEST);
      const done = () => {
        clearTimeout(timer);
        watcher.close();
        resolve();
      };
    });
    if (delay > 0) await wait(delay);
  }

  async #makeBallast(port: number): Promise<void> {
    const connection = await Connection.open({ port });
    const requests = Array.from({ length: BALLAST }, (_, i) => {
      const [token, value] = [this.#random.token(), this.#random.bytes(200)];
      this.#ballast.set(token, value);
      return ['SESSION.NEW', `ballast-${i}`, '86400', 'TOKEN', token, 'DATA', 'v', value];
    });
    const replies = await connection.askAll(requests);
    const tokens = [...this.#ballast.keys()];
    replies.forEach((reply, i) => {
      if (reply !== tokens[i]) throw new Error(`SESSION.NEW replied ${show(reply)}`);
    });
    connection.close();
  }

  /** Checks what the server has. Returns what to print about it. */
  async #checkAll(port: number, policy: Policy): Promise<string> {
    const connection = await Connection.open({ port });
    let [lost, kept] = [0, 0];
    for (const client of this.#clients) {
      const result = await client.audit(connection, this.#killed, policy).catch((error: Error) => {
        throw new Error(`client ${client.number}: ${error.message}`);
      });
      lost += result.lost;
      kept += result.kept;
    }
    const values = await connection.askAll([...this.#ballast.keys()].map((token) => ['SESSION.GET', token, 'v']));
    [...this.#ballast.values()].forEach((value, i) => {
      if (values[i] !== value) throw new Error(`a session that was never changed has ${show(values[i])}`);
    });
    const entries = await this.#reader.check(connection, policy);
    const sessions = await this.#checkNames(connection);
    connection.close();
    const acknowledged = this.#clients.reduce((sum, client) => sum + client.acknowledged, 0);
    const news = acknowledged - this.#tally.of('requests acknowledged');
    this.#tally.count('requests acknowledged', news);
    this.#tally.count('acknowledged and lost', lost);
    this.#tally.count('not acknowledged and kept', kept);
    // A compaction may remove a file after the directory was read.
    const sizeOf = (name: string) => statSync(join(this.#journal, name), { throwIfNoEntry: false })?.size ?? 0;
    const size = readdirSync(this.#journal).reduce((sum, name) => sum + sizeOf(name), 0);
    return `${news} requests, ${lost} lost, ${kept} kept unacknowledged; ${sessions} sessions and ${entries} events in ${Math.round(size / 1024)} KB`;
  }

  /** Looks for sessions that must not exist. Returns how many there are. */
  async #checkNames(connection: Connection): Promise<number> {
    const sessions = await scanSessions(connection, 1000);
    for (const [token, name] of sessions) {
      const isKnown = name.startsWith('ballast-')
        ? this.#ballast.has(token)
        : this.#clients.some((client) => client.knows(name));
      if (!isKnown) throw new Error(`there is a session ${name}, which was ended or never created`);
    }
    return sessions.size;
  }
}

await runLoadTest(
  {
    name: 'torture',
    description: 'Kills the built program at random moments under load, and checks what it has after the next start.',
    argument: { name: 'rounds', description: 'how many times to kill it', least: 1, usual: 200 },
  },
  async ({ amount, seed }) => {
    const directory = mkdtempSync(join(tmpdir(), 'torture-'));
    try {
      await new Torture(directory, new Random(seed)).run(amount);
    } catch (error) {
      throw new Error(`${(error as Error).message}\nThe files are in ${directory}.`, { cause: error });
    }
    rmSync(directory, { recursive: true });
  },
);
