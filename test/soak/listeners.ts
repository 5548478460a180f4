import type { Random } from '../tools/random.js';
import { Failure, mapOf, Push, type Reply, Status, show } from '../tools/replies.js';
import { EventLog, messageIn } from './events.js';
import { encode, Link } from './link.js';
import type { Stage } from './stage.js';

/** So many of the listeners read nothing for a while. */
const SLOW_SHARE = 0.3;

/** Runs sittings one after the other, each on a connection of its own. */
async function untilTheEnd(stage: Stage, sitting: () => Promise<void>): Promise<void> {
  while (!stage.stopping) await sitting();
}

/**
 * Clients that come, listen to events for a while and go: in an orderly way, killed, or after having read
 * nothing for so long that the server gives them up.
 */
export function listen(stage: Stage, number: number): Promise<void> {
  const random = stage.random.fork(10_000 + number);
  return untilTheEnd(stage, async () => {
    const protocol = random.chance(0.5) ? 3 : 2;
    const link = await Link.open(stage, { name: `listener-${number}`, protocol, unix: random.chance(0.3) });
    const withData = random.chance(0.3);
    // The last words of a slow reader's session are more than a third of what a listener may leave unread.
    if (withData) link.doomed = true;
    const log = new EventLog(false);
    link.intercept = (reply) => {
      const found = messageIn(reply, protocol);
      if (found === undefined) return false;
      stage.count('messages heard');
      if (withData) checkLastWords(found.channel, found.message);
      else log.note(found.channel, found.message);
      return true;
    };
    const pattern = withData ? '__sessiondata__:*' : '__session__:*';
    await link.ask('PSUBSCRIBE', pattern);
    if (protocol === 3 && random.chance(0.5)) await talkToItself(stage, link);
    if (withData) await listenToData(stage, random, link, pattern);
    else if (random.chance(SLOW_SHARE)) await leaveUnread(stage, random, link);
    else await stage.pause(random.between(50, 2000));
    await goAway(stage, random, link, pattern);
  });
}

/** What a client causes itself, it is told between the reply to what has caused it and the next one. */
async function talkToItself(stage: Stage, link: Link): Promise<void> {
  const channel = `${link.name}:self`;
  const { intercept } = link;
  let published = 0;
  let heard = 0;
  link.intercept = (reply) => {
    if (!(reply instanceof Push) || reply.items[0] !== 'message') return intercept(reply);
    const right = reply.items[1] === channel && reply.items[2] === String(heard) && published === heard + 1;
    if (!right) throw new Error(`after ${published} messages to itself, ${heard} heard, came ${show(reply)}`);
    heard++;
    return true;
  };
  await link.ask('SUBSCRIBE', channel);
  let bytes = '';
  for (let i = 0; i < 10; i++) {
    link.expect({
      replies: 1,
      settle: ([receivers]) => {
        if (receivers !== 1) throw new Error(`PUBLISH to itself was answered with ${show(receivers)}`);
        published++;
      },
    });
    link.expect({
      replies: 1,
      settle: () => {
        if (heard !== published)
          throw new Error(`${published} messages to itself, ${heard} heard before the next reply`);
        stage.count('messages to oneself');
      },
    });
    bytes += encode(['PUBLISH', channel, String(i)]) + encode(['ECHO', 'next']);
  }
  link.write(bytes);
  await link.answered();
  await link.ask('UNSUBSCRIBE', channel);
  link.intercept = intercept;
}

/** Listens until it has been told to stop, or was given up. */
async function listenToData(stage: Stage, random: Random, link: Link, pattern: string): Promise<void> {
  const slow = random.chance(SLOW_SHARE);
  if (slow) link.pause();
  await stage.pause(random.between(50, 2000));
  link.resume();
  const answer = await link.ask('PUNSUBSCRIBE', pattern);
  if (answer === undefined) stage.count('listeners given up');
  else if (slow) stage.count('slow listeners served in the end');
}

/** Reads nothing for a while. Then the server has kept all messages for it, or has given it up. */
async function leaveUnread(stage: Stage, random: Random, link: Link): Promise<void> {
  const killed = link.doomed;
  link.doomed = true;
  link.pause();
  await stage.pause(random.between(500, 4000));
  link.resume();
  const answer = await link.ask('PING');
  if (answer !== undefined) {
    stage.count('slow listeners served in the end');
    link.doomed = killed;
  } else {
    stage.count(killed ? 'listeners killed while slow' : 'listeners given up');
  }
}

async function goAway(stage: Stage, random: Random, link: Link, pattern: string): Promise<void> {
  if (!link.closed) {
    const way = random.fraction();
    if (way < 0.4) {
      const reply = await link.ask('PUNSUBSCRIBE', pattern);
      if (reply !== undefined && random.chance(0.5)) await link.ask('PING');
    } else if (way < 0.6) {
      const reply = await link.ask('RESET');
      if (reply !== undefined && !(reply instanceof Status && reply.text === 'RESET')) {
        stage.fail(`RESET was answered with ${show(reply)}`);
      }
    }
  }
  if (random.chance(0.5)) link.leave();
  else link.cut();
  await link.ended;
}

/** @throws Error if it is not the JSON of a session on its channel. */
function checkLastWords(channel: string, message: string): void {
  const [, event, name] = /^__sessiondata__:(\w+):(.*)$/s.exec(channel) ?? [];
  const said = JSON.parse(Buffer.from(message, 'latin1').toString()) as Record<string, unknown>;
  const right =
    said.event === event &&
    said.name === name &&
    /^[\w-]{22}$/.test(String(said.token)) &&
    typeof said.keys === 'object';
  if (!right) throw new Error(`wrong last words on ${channel}: ${message}`);
}

/** MONITOR for a while, and back: every line in its form, no reply among them. */
export function monitor(stage: Stage): Promise<void> {
  const random = stage.random.fork(20_000);
  return untilTheEnd(stage, async () => {
    const link = await Link.open(stage, { name: 'monitor', protocol: random.chance(0.5) ? 3 : 2, unix: false });
    // It is told more than anybody: where the machine is slow it may be given up.
    link.doomed = true;
    let watching = false;
    link.intercept = (reply) => {
      if (!watching || !(reply instanceof Status) || reply.text === 'RESET') return false;
      if (reply.text === 'OK') return false;
      if (!/^\d{10}\.\d{6} \[0 \S+\] "/.test(reply.text)) throw new Error(`MONITOR told ${show(reply)}`);
      stage.count('lines of MONITOR');
      return true;
    };
    watching = true;
    await link.ask('MONITOR');
    await stage.pause(random.between(100, 1000));
    const reset = await link.ask('RESET');
    if (reset === undefined) {
      stage.count('monitors given up');
    } else {
      await link.reintroduce();
      const echoed = await link.ask('ECHO', 'after MONITOR');
      if (echoed !== undefined && echoed !== 'after MONITOR') stage.fail(`ECHO was answered with ${show(echoed)}`);
    }
    link.leave();
    await link.ended;
    await stage.pause(random.between(500, 3000));
  });
}

/** Looks at the server in every way that there is. Only the form of the answers is checked. */
export function observe(stage: Stage): Promise<void> {
  const random = stage.random.fork(30_000);
  const looks: readonly (readonly [words: readonly string[], right: (reply: Reply) => boolean])[] = [
    [['INFO', 'everything'], (reply) => typeof reply === 'string' && reply.includes('cmdstat_hello:')],
    [['CLIENT', 'LIST'], (reply) => typeof reply === 'string' && /^(id=\d+ addr=.*\n)+$/.test(reply)],
    [['CLIENT', 'LIST', 'TYPE', 'pubsub'], (reply) => typeof reply === 'string' && reply.includes('auditor')],
    [['CLIENT', 'INFO'], (reply) => typeof reply === 'string' && reply.includes('name=observer')],
    [['SLOWLOG', 'GET'], Array.isArray],
    [['LATENCY', 'HISTOGRAM'], (reply) => mapOf(reply).has('hello')],
    [['MEMORY', 'STATS'], (reply) => mapOf(reply).has('keys.count')],
    [['CONFIG', 'GET', 'max*'], (reply) => mapOf(reply).get('maxclients') !== undefined],
    [['COMMAND', 'COUNT'], (reply) => Number(reply) > 60],
    [['PUBSUB', 'NUMPAT'], (reply) => Number(reply) >= 1],
    [['SESSION.STATS'], (reply) => mapOf(reply).has('sessions')],
    [['SESSION.SCAN', '0', 'COUNT', '1000'], (reply) => Array.isArray(reply) && reply.length === 2],
    [['SCAN', '0', 'MATCH', 'worker-1*'], (reply) => Array.isArray(reply) && reply.length === 2],
    [['PUBLISH', 'nobody', 'listens'], (reply) => reply === 0],
    [['TIME'], (reply) => Array.isArray(reply) && reply.length === 2],
  ];
  return (async () => {
    const link = await Link.open(stage, { name: 'observer', protocol: 3, unix: true });
    while (!stage.stopping) {
      const [words, right] = random.pick(looks);
      const reply = await link.demand(...words);
      if (reply instanceof Failure || !right(reply)) stage.fail(`${words.join(' ')} was answered with ${show(reply)}`);
      stage.count('looks at the server');
      await stage.pause(random.between(20, 200));
    }
    link.leave();
    await link.ended;
  })();
}
