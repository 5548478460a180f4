import { mkdtempSync, readdirSync, rmSync, statSync, watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import { Link } from '../tools/connection.js';
import { Random } from '../tools/random.js';
import { type Reply, show } from '../tools/replies.js';
import { Client, type Policy } from './client.js';
import { Victim } from './victim.js';

/**
 * The torture: the program is killed again and again at random instants, under load, while it compacts its journal and while
 * it loads it, and started on what it leaves. Each client knows what it was promised, and looks for it. All rounds are
 * on the same directory.
 */

const CLIENTS = 5;
/** Sessions that nobody changes: so that a compaction takes its time. */
const BALLAST = 2500;
/** When the server is killed, at most, in ms from when it is ready; it compacts after a second, if it is due. */
const LONGEST = 1400;
/** Ms that a start takes, about. */
const START = 300;

const program = new Command('torture')
  .description('Kills the built program at random instants under load, and checks what it has after the next start.')
  .argument('[rounds]', 'how often', whole, 200)
  .option('--seed <number>', 'where all chance comes from, but for when things happen (default: the time)', whole)
  .allowExcessArguments(false)
  .parse();

const { seed = Date.now() % 2 ** 32 } = program.opts<{ seed?: number }>();
const [rounds] = program.processedArgs as [number];
console.log(`${rounds} rounds, ${CLIENTS} clients, seed ${seed}`);
const directory = mkdtempSync(join(tmpdir(), 'torture-'));
const journal = join(directory, 'journal');
const random = new Random(seed);
const clients = Array.from({ length: CLIENTS }, (_, i) => new Client(i, random.fork(i)));
const ballast = new Map<string, string>();
const totals = new Map<string, number>();
try {
  await torture();
  rmSync(directory, { recursive: true });
} catch (error) {
  program.error(`torture failed (--seed ${seed}), see ${directory}: ${(error as Error).stack}`);
}
process.exit(0);

function whole(text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new InvalidArgumentError('Expected a whole number.');
  return Number(text);
}

function count(what: string, by = 1): void {
  totals.set(what, (totals.get(what) ?? 0) + by);
}

async function torture(): Promise<void> {
  let killed = 0;
  let before: Policy = 'always';
  const began = performance.now();
  for (let round = 1; round <= rounds; round++) {
    const policy = random.pick<Policy>(['always', 'always', 'always', 'everysec', 'everysec', 'no']);
    const attempts = await killWhileLoading(policy);
    const victim = start(policy);
    const port = await victim.ready;
    const found = await checkAll(port, killed, policy);
    if (ballast.size === 0) await makeBallast(port);
    const how = random.pick(['any', 'any', 'soon', 'compaction', 'compaction']);
    killed = await killUnderLoad(victim, port, policy, how);
    count(`killed under ${policy}`);
    console.log(
      `round ${String(round).padStart(3)}: after ${before.padEnd(8)} ${found}; ${attempts}now ${policy}, killed ${describe(how)}`,
    );
    before = policy;
  }
  const victim = start('always');
  console.log(`at the end: ${await checkAll(await victim.ready, killed, 'always')}`);
  const code = await victim.stop();
  if (code !== 0) throw new Error(`after SIGTERM the server ended with ${code}`);
  report(performance.now() - began);
}

function start(policy: Policy): Victim {
  return new Victim([
    ...['--appendonly', 'yes', '--appendfsync', policy, '--dir', directory],
    ...['--auto-aof-rewrite-percentage', '10', '--auto-aof-rewrite-min-size', '100kb'],
  ]);
}

/** Now and then a start is not survived either. Returns what to say of it. */
async function killWhileLoading(policy: Policy): Promise<string> {
  let attempts = 0;
  while (random.chance(0.25)) {
    const victim = start(policy);
    await Promise.race([wait(random.between(0, START)), victim.ready]);
    await victim.kill();
    attempts++;
    count('killed while starting');
  }
  return attempts === 0 ? '' : `killed ${attempts} times while starting, `;
}

/** Returns the instant of the kill, in ms. */
async function killUnderLoad(victim: Victim, port: number, policy: Policy, how: string): Promise<number> {
  const load = Promise.all(clients.map((client) => client.load(port, policy)));
  const isLoaded = load.then(() => {
    throw new Error(`the server has ended by itself:\n${victim.lines.slice(-10).join('\n')}`);
  });
  const instant = how === 'compaction' ? duringCompaction() : wait(random.fraction() * (how === 'soon' ? 50 : LONGEST));
  await Promise.race([instant, isLoaded]);
  isLoaded.catch(() => {});
  const killed = performance.now();
  await victim.kill();
  await load;
  return killed;
}

/** Resolves somewhere in a compaction: after one of the changes to the journal's directory that it makes. */
async function duringCompaction(): Promise<void> {
  const steps = random.between(1, 12);
  const after = random.chance(0.5) ? 0 : random.fraction() * 20;
  await new Promise<void>((resolve) => {
    let seen = 0;
    const watcher = watch(journal, (event) => {
      // Writing is a change of the file, not of the directory.
      if (event !== 'rename' || ++seen < steps) return;
      watcher.close();
      resolve();
    });
    // There may be none that is due.
    setTimeout(() => {
      watcher.close();
      resolve();
    }, 2 * LONGEST).unref();
  });
  if (after > 0) await wait(after);
}

async function makeBallast(port: number): Promise<void> {
  const link = await Link.open(port);
  const requests = Array.from({ length: BALLAST }, (_, i) => {
    const [token, value] = [random.token(), random.bytes(200)];
    ballast.set(token, value);
    return ['SESSION.NEW', `ballast-${i}`, '86400', 'TOKEN', token, 'DATA', 'v', value];
  });
  const replies = await link.ask(requests);
  const tokens = [...ballast.keys()];
  replies.forEach((reply, i) => {
    if (reply !== tokens[i]) throw new Error(`SESSION.NEW replied ${show(reply)}`);
  });
  link.close();
}

/** Checks what the server has. Returns what to say of it. @param killed When its predecessor was, in ms. */
async function checkAll(port: number, killed: number, policy: Policy): Promise<string> {
  const link = await Link.open(port);
  let [lost, kept] = [0, 0];
  for (const client of clients) {
    const result = await client.audit(link, killed, policy).catch((error: Error) => {
      throw new Error(`client ${client.number}: ${error.message}`);
    });
    lost += result.lost;
    kept += result.kept;
  }
  const values = await link.ask([...ballast.keys()].map((token) => ['SESSION.GET', token, 'v']));
  [...ballast.values()].forEach((value, i) => {
    if (values[i] !== value) throw new Error(`a session that nobody changed has ${show(values[i])}`);
  });
  const sessions = await checkNames(link);
  link.close();
  const acknowledged = clients.reduce((sum, client) => sum + client.acknowledged, 0);
  const news = acknowledged - (totals.get('requests acknowledged') ?? 0);
  count('requests acknowledged', news);
  count('acknowledged and lost', lost);
  count('not acknowledged and kept', kept);
  const files = readdirSync(journal);
  const size = files.reduce((sum, name) => sum + statSync(join(journal, name)).size, 0);
  return `${news} requests, ${lost} lost, ${kept} kept unheard; ${sessions} sessions in ${Math.round(size / 1024)} KB`;
}

/** Looks for sessions that should not be. Returns how many there are. */
async function checkNames(link: Link): Promise<number> {
  let sessions = 0;
  let cursor = '0';
  do {
    const [reply] = (await link.ask([['SESSION.SCAN', cursor, 'COUNT', '1000']])) as [readonly Reply[]];
    const items = reply[1] as readonly string[];
    for (let i = 0; i < items.length; i += 2) {
      const name = items[i + 1];
      sessions++;
      const isKnown = name.startsWith('ballast-')
        ? ballast.has(items[i])
        : clients.some((client) => client.knows(name));
      if (!isKnown) throw new Error(`there is a session ${name}, which has been ended or was never asked for`);
    }
    cursor = String(reply[0]);
  } while (cursor !== '0');
  return sessions;
}

function describe(how: string): string {
  if (how === 'compaction') return 'in a compaction';
  return how === 'soon' ? 'soon' : 'at any instant';
}

function report(ms: number): void {
  for (const [what, number] of [...totals].toSorted()) console.log(`${what.padEnd(28)} ${number}`);
  console.log(`ok, ${Math.round(ms / 1000)} s`);
}
