import { infoOf } from '../tools/info.js';
import { Status, show } from '../tools/replies.js';
import { Link } from './link.js';
import { Race } from './race.js';
import type { Stage } from './stage.js';

/** Whom the admin may kill: those who are ready for it. */
const VICTIM = /^(worker|listener)-/;

/** Disconnects clients at random. */
export async function kill(stage: Stage): Promise<void> {
  const random = stage.random.fork(80_000);
  const link = await Link.open(stage, { name: 'killer', protocol: 3, unix: true });
  while (!stage.stopping) {
    await stage.pause(random.between(10, 120));
    const victims = [...stage.links].filter(({ name, id, doomed }) => VICTIM.test(name) && id > 0 && !doomed);
    if (victims.length === 0) continue;
    const victim = random.pick(victims);
    victim.doomed = true;
    if (!victim.unix && random.chance(0.3)) {
      const reply = await link.ask('CLIENT', 'KILL', victim.address);
      const killed = reply instanceof Status && reply.text === 'OK';
      if (!killed && show(reply ?? null) !== '-ERR No such client')
        stage.fail(`CLIENT KILL was answered with ${show(reply ?? null)}`);
      if (killed) stage.count('clients killed');
    } else {
      stage.count('clients killed', Number(await link.demand('CLIENT', 'KILL', 'ID', String(victim.id))));
    }
  }
  link.leave();
  await link.ended;
}

const POLICIES = ['allsessions-lru', 'volatile-ttl', 'noeviction'] as const;

/**
 * Takes memory away from the server in the middle of the run, for some seconds at a time: it must evict, or
 * refuse, and go on.
 * @param from When the first time begins, in ms from now. @param until When the last one ends.
 */
export async function squeeze(stage: Stage, from: number, until: number): Promise<void> {
  const random = stage.random.fork(90_000);
  const begun = performance.now();
  await stage.pause(from);
  const link = await Link.open(stage, { name: 'squeezer', protocol: 2, unix: false });
  for (let round = 0; !stage.stopping && performance.now() - begun < until; round++) {
    await checkRace(link, stage.race);
    stage.pressure.begin();
    const policy = POLICIES[round % POLICIES.length];
    await link.demand('CONFIG', 'SET', 'maxmemory-policy', policy);
    for (let step = 0; step < 4; step++) {
      const info = await infoOf(link);
      const limit =
        info.number('used_memory_startup') + Math.round(info.number('session_memory') * random.pick([0.8, 0.9, 1]));
      await link.demand('CONFIG', 'SET', 'maxmemory', String(limit));
      await stage.pause(300);
    }
    await link.demand('CONFIG', 'SET', 'maxmemory', '0');
    stage.pressure.end();
    stage.count(`times short of memory (${policy})`);
    await link.demand('SESSION.END', `@${stage.race.name}`);
    stage.race = await startRace(link, round + 1);
    await stage.pause(500);
  }
  link.leave();
  await link.ended;
}

/** The number that workers count up from here on. */
export async function startRace(link: Link, round: number): Promise<Race> {
  const race = new Race(`race-${round}`);
  await link.demand('SESSION.NEW', race.name, '0', '1', 'SHARED');
  return race;
}

export async function checkRace(link: Link, race: Race): Promise<void> {
  const { acknowledged } = race;
  race.check(acknowledged, await link.demand('SESSION.GET', `@${race.name}`, race.key));
}
