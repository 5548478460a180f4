import { Info } from '../tools/info.js';
import { isStatus, show } from '../tools/replies.js';
import { Link } from './link.js';
import { Race } from './race.js';
import type { Stage } from './stage.js';

/** Clients that expect to be killed. */
const VICTIM = /^(worker|listener)-/;

/** Kills random clients. */
export async function kill(stage: Stage): Promise<void> {
  const random = stage.random.fork(80_000);
  const link = await Link.join(stage, { name: 'killer', protocol: 3, unix: true });
  while (!stage.stopping) {
    await stage.pause(random.between(10, 120));
    const victims = [...stage.links].filter(({ name, id, doomed }) => VICTIM.test(name) && id > 0 && !doomed);
    if (victims.length === 0) continue;
    const victim = random.pick(victims);
    victim.doomed = true;
    if (!victim.unix && random.chance(0.3)) {
      const reply = (await link.ask('CLIENT', 'KILL', victim.address)) ?? null;
      if (isStatus(reply, 'OK')) stage.tally.count('clients killed');
      else if (show(reply) !== '-ERR No such client') stage.fail(`CLIENT KILL replied ${show(reply)}`);
    } else {
      stage.tally.count('clients killed', Number(await link.demand('CLIENT', 'KILL', 'ID', String(victim.id))));
    }
  }
  await link.leave();
}

const POLICIES = ['allsessions-lru', 'volatile-ttl', 'noeviction'] as const;

/**
 * Takes memory away from the server for a few seconds at a time. It must evict sessions or refuse commands, and carry
 * on.
 * @param from When to begin, in ms from now. @param until When to stop.
 */
export async function squeeze(stage: Stage, from: number, until: number): Promise<void> {
  const random = stage.random.fork(90_000);
  const begun = performance.now();
  await stage.pause(from);
  const link = await Link.join(stage, { name: 'squeezer' });
  for (let round = 0; !stage.stopping && (round === 0 || performance.now() - begun < until); round++) {
    await checkRace(link, stage.race);
    stage.pressure.begin();
    const policy = POLICIES[round % POLICIES.length];
    await link.demand('CONFIG', 'SET', 'maxmemory-policy', policy);
    for (let step = 0; step < 4; step++) {
      const info = await Info.of(link);
      const sessions = Math.round(info.number('session_memory') * random.pick([0.8, 0.9, 1]));
      await link.demand('CONFIG', 'SET', 'maxmemory', String(info.number('used_memory_startup') + sessions));
      await stage.pause(300);
    }
    await link.demand('CONFIG', 'SET', 'maxmemory', '0');
    stage.pressure.end();
    stage.tally.count(`times short of memory (${policy})`);
    await link.demand('SESSION.END', `@${stage.race.name}`);
    stage.race = await startRace(link, round + 1);
    await stage.pause(500);
  }
  await link.leave();
}

/** Creates the number that workers increment from now on. */
export async function startRace(link: Link, round: number): Promise<Race> {
  const race = new Race(`race-${round}`);
  await link.demand('SESSION.NEW', race.name, '0', '1', 'SHARED');
  return race;
}

export async function checkRace(link: Link, race: Race): Promise<void> {
  const { acknowledged } = race;
  race.check(acknowledged, await link.demand('SESSION.GET', `@${race.name}`, race.key));
}
