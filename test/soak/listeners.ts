import { encode } from '../tools/connection.js';
import { isToken } from '../tools/operations.js';
import type { Random } from '../tools/random.js';
import { Failure, isStatus, mapOf, Push, type Reply, Status, show } from '../tools/replies.js';
import { EventLog, onMessage } from './events.js';
import { Link } from './link.js';
import type { Stage } from './stage.js';

/** What share of the subscribers stops reading for a while. */
const SLOW_SHARE = 0.3;

/**
 * Subscribers that connect, receive events for a while and leave. Some leave properly, some are killed, and some are
 * disconnected because they have not read for too long.
 */
export async function listen(stage: Stage, number: number): Promise<void> {
  const random = stage.random.fork(10_000 + number);
  while (!stage.stopping) {
    const protocol = random.chance(0.5) ? 3 : 2;
    const link = await Link.join(stage, { name: `listener-${number}`, protocol, unix: random.chance(0.3) });
    const withData = random.chance(0.3);
    // One event with the data of a slow reader's session fills a third of a subscriber's output buffer.
    if (withData) link.doomed = true;
    const log = new EventLog(false);
    onMessage(link, (channel, message) => {
      stage.tally.count('messages received');
      if (withData) checkData(channel, message);
      else log.note(channel, message);
    });
    const pattern = withData ? '__sessiondata__:*' : '__session__:*';
    await link.ask('PSUBSCRIBE', pattern);
    if (protocol === 3 && random.chance(0.5)) await publishToItself(stage, link);
    if (withData) await listenToData(stage, random, link, pattern);
    else if (random.chance(SLOW_SHARE)) await leaveUnread(stage, random, link);
    else await stage.pause(random.between(50, 2000));
    await goAway(stage, random, link, pattern);
  }
}

/** A message that a client publishes to itself arrives after the reply to PUBLISH and before the next reply. */
async function publishToItself(stage: Stage, link: Link): Promise<void> {
  const channel = `${link.name}:self`;
  const { intercept } = link;
  let published = 0;
  let received = 0;
  link.intercept = (reply) => {
    if (!(reply instanceof Push) || reply.items[0] !== 'message') return intercept(reply);
    const isRight = reply.items[1] === channel && reply.items[2] === String(received) && published === received + 1;
    if (!isRight) throw new Error(`${published} messages published, ${received} received, then ${show(reply)}`);
    received++;
    return true;
  };
  await link.ask('SUBSCRIBE', channel);
  let bytes = '';
  for (let i = 0; i < 10; i++) {
    const settle = ([receivers]: readonly Reply[]) => {
      if (receivers !== 1) throw new Error(`PUBLISH to itself replied ${show(receivers)}`);
      published++;
    };
    const settleNext = () => {
      if (received !== published) throw new Error(`${published} messages published, but ${received} received in time`);
      stage.tally.count('messages to oneself');
    };
    link.expect({ replies: 1, settle });
    link.expect({ replies: 1, settle: settleNext });
    bytes += encode(['PUBLISH', channel, String(i)]) + encode(['ECHO', 'next']);
  }
  link.write(bytes);
  await link.answered();
  await link.ask('UNSUBSCRIBE', channel);
  link.intercept = intercept;
}

/** Receives messages until it has unsubscribed or the server has disconnected it. */
async function listenToData(stage: Stage, random: Random, link: Link, pattern: string): Promise<void> {
  const slow = random.chance(SLOW_SHARE);
  if (slow) link.pause();
  await stage.pause(random.between(50, 2000));
  link.resume();
  const answer = await link.ask('PUNSUBSCRIBE', pattern);
  if (answer === undefined) stage.tally.count('subscribers disconnected');
  else if (slow) stage.tally.count('slow subscribers served in the end');
}

/** Stops reading for a while. The server must keep all messages, or disconnect the subscriber. */
async function leaveUnread(stage: Stage, random: Random, link: Link): Promise<void> {
  const killed = link.doomed;
  link.doomed = true;
  link.pause();
  await stage.pause(random.between(500, 4000));
  link.resume();
  if ((await link.ask('PING')) !== undefined) {
    stage.tally.count('slow subscribers served in the end');
    link.doomed = killed;
  } else {
    stage.tally.count(killed ? 'subscribers killed while slow' : 'subscribers disconnected');
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
      if (reply !== undefined && !isStatus(reply, 'RESET')) stage.fail(`RESET replied ${show(reply)}`);
    }
  }
  if (random.chance(0.5)) link.leave();
  else link.cut();
  await link.ended;
}

/** Checks the message of an event. @throws Error if it is not the JSON of a session on its channel. */
function checkData(channel: string, message: string): void {
  const [, event, name] = /^__sessiondata__:(\w+):(.*)$/s.exec(channel) ?? [];
  const session = JSON.parse(Buffer.from(message, 'latin1').toString()) as Record<string, Reply>;
  const isRight = session.event === event && session.name === name && isToken(session.token);
  if (!isRight || typeof session.keys !== 'object') throw new Error(`wrong data on ${channel}: ${message}`);
}

/** Turns MONITOR on and off. Every line must have the right form, and there must be no replies among them. */
export async function monitor(stage: Stage): Promise<void> {
  const random = stage.random.fork(20_000);
  while (!stage.stopping) {
    const link = await Link.join(stage, { name: 'monitor', protocol: random.chance(0.5) ? 3 : 2 });
    // It receives more than any other client. On a slow machine the server may have to disconnect it.
    link.doomed = true;
    link.intercept = (reply) => {
      if (!(reply instanceof Status) || reply.text === 'OK' || reply.text === 'RESET') return false;
      if (!/^\d{10}\.\d{6} \[0 \S+\] "/.test(reply.text)) throw new Error(`not a line of MONITOR: ${show(reply)}`);
      stage.tally.count('lines of MONITOR');
      return true;
    };
    await link.ask('MONITOR');
    await stage.pause(random.between(100, 1000));
    if ((await link.ask('RESET')) === undefined) {
      stage.tally.count('monitors disconnected');
    } else {
      await link.logIn();
      const echoed = await link.ask('ECHO', 'after MONITOR');
      if (echoed !== undefined && echoed !== 'after MONITOR') stage.fail(`ECHO replied ${show(echoed)}`);
    }
    await link.leave();
    await stage.pause(random.between(500, 3000));
  }
}

const isPair = (reply: Reply) => Array.isArray(reply) && reply.length === 2;
const isText = (pattern: RegExp) => (reply: Reply) => typeof reply === 'string' && pattern.test(reply);
const hasKey = (key: string) => (reply: Reply) => mapOf(reply).has(key);

/** Every way to inspect the server, and the form of its reply. */
const INSPECTIONS: readonly (readonly [words: readonly string[], isRight: (reply: Reply) => boolean])[] = [
  [['INFO', 'everything'], isText(/cmdstat_hello:/)],
  [['CLIENT', 'LIST'], isText(/^(id=\d+ addr=.*\n)+$/)],
  [['CLIENT', 'LIST', 'TYPE', 'pubsub'], isText(/auditor/)],
  [['CLIENT', 'INFO'], isText(/name=observer/)],
  [['SLOWLOG', 'GET'], Array.isArray],
  [['LATENCY', 'HISTOGRAM'], hasKey('hello')],
  [['MEMORY', 'STATS'], hasKey('keys.count')],
  [['CONFIG', 'GET', 'max*'], hasKey('maxclients')],
  [['COMMAND', 'COUNT'], (reply) => Number(reply) > 60],
  [['PUBSUB', 'NUMPAT'], (reply) => Number(reply) >= 1],
  [['SESSION.STATS'], hasKey('sessions')],
  [['SESSION.SCAN', '0', 'COUNT', '1000'], isPair],
  [['SCAN', '0', 'MATCH', 'worker-1*'], isPair],
  [['PUBLISH', 'nobody', 'listens'], (reply) => reply === 0],
  [['TIME'], isPair],
];

/** Inspects the server in every way, and checks the form of the replies. */
export async function observe(stage: Stage): Promise<void> {
  const random = stage.random.fork(30_000);
  const link = await Link.join(stage, { name: 'observer', protocol: 3, unix: true });
  while (!stage.stopping) {
    const [words, isRight] = random.pick(INSPECTIONS);
    const reply = await link.demand(...words);
    if (reply instanceof Failure || !isRight(reply)) stage.fail(`${words.join(' ')} replied ${show(reply)}`);
    stage.tally.count('inspections');
    await stage.pause(random.between(20, 200));
  }
  await link.leave();
}
