import { setTimeout as wait } from 'node:timers/promises';
import { RawClient } from '../raw-client.js';
import { encode } from '../tools/connection.js';
import type { Random } from '../tools/random.js';
import { Failure, ReplyReader, show } from '../tools/replies.js';
import { Link, REFUSAL, UNHEARD } from './link.js';
import type { Stage } from './stage.js';

/** Clients that do what they must not. The server must answer correctly, or end the connection, and do nothing else. */

/** After how many seconds of silence the server disconnects a client. */
export const TIMEOUT = 10;
/** How many seconds later a busy machine may do so: a guard against hanging. */
const LATE = 120;
export const QUERY_LIMIT = 4 * 1024 * 1024;
const FAILED_AUTHENTICATIONS = 10;
const NOAUTH = '-NOAUTH Authentication required.\r\n';

/** A user with the permission to read, and no other. */
export const READER = { name: 'reader', password: 'reads' };

/** Sends bytes and reads until the connection ends. Returns undefined if the client was refused. */
async function talk(stage: Stage, bytes: string, closing: boolean): Promise<string | undefined> {
  const client = RawClient.on(await stage.connect(false));
  await client.send(bytes);
  if (closing) client.socket.end();
  const heard = await client.takeAll();
  if (!heard.startsWith(`-${REFUSAL}`)) return heard;
  stage.tally.count('refused: maxclients');
  return undefined;
}

interface Nuisance {
  readonly what: string;
  readonly bytes: string;
  readonly answer: string;
  /** The client ends the connection. Otherwise the server must. */
  readonly closing?: true;
  /** What else to count, to compare with the server's own counts. */
  readonly counts?: Readonly<Record<string, number>>;
  /** Whether to do it only once, because the server delays its replies to later guesses for minutes. */
  readonly once?: true;
}

function nuisancesWith(password: string): Nuisance[] {
  const broken = (what: string, bytes: string, reason: string): Nuisance => ({
    what,
    bytes: `${encode(['AUTH', password])}${bytes}`,
    answer: `+OK\r\n-ERR Protocol error: ${reason}\r\n`,
  });
  const noPermission = (command: string) =>
    `-NOPERM User reader has no permissions to run the '${command}' command\r\n`;
  return [
    broken('huge arrays', '*30000000\r\n', 'invalid multibulk length'),
    broken('huge arguments', '*1\r\n$99999999999\r\n', 'invalid bulk length'),
    broken('negative lengths', '*1\r\n$-5\r\n', 'invalid bulk length'),
    broken('nested arrays', '*1\r\n'.repeat(10_000), "expected '$', got '*'"),
    broken('missing line ends', '*1\r\n$4\r\nPINGPING', 'expected CRLF after bulk'),
    broken('lengths with a letter', '*1\r\n$4x\r\nPING\r\n', 'invalid bulk length'),
    broken('unbalanced quotes', 'ECHO "x\r\n', 'unbalanced quotes in request'),
    broken('HTTP requests', 'POST / HTTP/1.1\r\nHost: x\r\n\r\nFLUSHALL\r\n', 'this is not an HTTP server'),
    {
      what: 'large requests without authentication',
      bytes: '*17\r\n',
      answer: '-ERR Protocol error: unauthenticated multibulk length\r\n',
    },
    {
      what: 'commands without authentication',
      bytes: `${encode(['SESSION.NEW', 'x'])}${encode(['PING'])}`,
      answer: NOAUTH.repeat(2),
      closing: true,
    },
    {
      what: 'passwords guessed',
      bytes: encode(['AUTH', 'default', 'guess']).repeat(FAILED_AUTHENTICATIONS + 5),
      answer: '-WRONGPASS invalid username-password pair or user is disabled.\r\n'.repeat(FAILED_AUTHENTICATIONS),
      counts: { 'authentications denied': FAILED_AUTHENTICATIONS },
      once: true,
    },
    {
      what: 'commands without permission',
      bytes: [['AUTH', READER.name, READER.password], ['SESSION.NEW', 'x'], ['PSUBSCRIBE', '*'], ['SHUTDOWN']]
        .map(encode)
        .join(''),
      answer: `+OK\r\n${['session.new', 'psubscribe', 'shutdown'].map(noPermission).join('')}`,
      closing: true,
      counts: { 'commands denied': 3 },
    },
  ];
}

/** Repeatedly sends what no client library would send. */
export async function annoy(stage: Stage, number: number): Promise<void> {
  const random = stage.random.fork(50_000 + number);
  const nuisances = nuisancesWith(stage.password);
  while (!stage.stopping) {
    const way = random.fraction();
    if (way < 0.3) await sendGarbage(stage, random.bytes(random.between(1, 3000)));
    else if (way < 0.33) await sendTooMuch(stage);
    else if (way < 0.36) await cutAtOnce(stage);
    else await disturb(stage, random.pick(nuisances));
    await stage.pause(random.between(0, 100));
  }
}

async function disturb(stage: Stage, { what, bytes, answer, closing, counts, once }: Nuisance): Promise<void> {
  if (once && stage.tally.of(`attempts: ${what}`) > 0) return;
  if (once) stage.tally.count(`attempts: ${what}`);
  const heard = await talk(stage, bytes, closing ?? false);
  if (heard === '') stage.tally.count(UNHEARD);
  if (heard === undefined || heard === '') return;
  if (heard !== answer) {
    stage.fail(`${what}: ${JSON.stringify(bytes.slice(0, 200))} was answered with ${JSON.stringify(heard)}`);
  }
  stage.tally.count(what);
  for (const [name, by] of Object.entries(counts ?? {})) stage.tally.count(name, by);
}

async function cutAtOnce(stage: Stage): Promise<void> {
  (await stage.connect(false)).resetAndDestroy();
  stage.tally.count('connections cut at once');
}

/** Sends random bytes. However the server reads them, it must answer only with complete errors. */
async function sendGarbage(stage: Stage, bytes: string): Promise<void> {
  const heard = await talk(stage, `${encode(['AUTH', stage.password])}${bytes}\r\n`, true);
  if (heard === '') stage.tally.count(UNHEARD);
  if (heard === undefined || heard === '') return;
  const reader = new ReplyReader();
  reader.push(Buffer.from(heard, 'latin1'));
  reader.next();
  for (let reply = reader.next(); reply !== undefined; reply = reader.next()) {
    if (!(reply instanceof Failure)) stage.fail(`garbage was answered with ${show(reply)}: ${JSON.stringify(bytes)}`);
  }
  if (reader.pending > 0) stage.fail('the reply to garbage was cut off');
  stage.tally.count('garbage');
}

/** Sends a request that exceeds the limit. */
async function sendTooMuch(stage: Stage): Promise<void> {
  const part = 'x'.repeat(1024 * 1024);
  const request = encode(['ECHO', ...Array(QUERY_LIMIT / part.length + 1).fill(part)]).slice(0, -2);
  const heard = await talk(stage, encode(['AUTH', stage.password]) + request, false);
  if (heard === undefined) return;
  // The connection may be cut before the client has sent everything and can read the error.
  if (heard === '' || heard === '+OK\r\n') stage.tally.count('too large requests, error not read');
  else if (heard === '+OK\r\n-ERR Protocol error: too big request\r\n') stage.tally.count('too large requests');
  else stage.fail(`a request that is too large was answered with ${JSON.stringify(heard.slice(0, 200))}`);
}

/**
 * Clients that fall silent half-way: with a request that is never completed, or replies that are never read. They stay
 * connected. The server must disconnect them after its timeout, and not earlier.
 */
export async function stall(stage: Stage, number: number): Promise<void> {
  const random = stage.random.fork(60_000 + number);
  await stage.pause(random.between(0, 3000));
  while (!stage.stopping) {
    const link = await Link.join(stage, { name: `stalled-${number}`, unix: random.chance(0.3) });
    link.doomed = true;
    const begun = performance.now();
    if (random.chance(0.5)) {
      link.write('*3\r\n$11\r\nSESSION.GET\r\n$22\r\nabc');
    } else {
      link.pause();
      link.write(encode(['COMMAND', 'DOCS']).repeat(40));
    }
    stage.tally.count(`half-open connections ${await outcomeOf(stage, random, link, begun)}`);
    link.cut();
    await link.ended;
  }
}

async function outcomeOf(stage: Stage, random: Random, link: Link, begun: number): Promise<string> {
  if (random.chance(0.3)) {
    // The client leaves long before the server's timeout.
    await stage.pause(random.between(0, TIMEOUT * 400));
    return 'cut';
  }
  const isGone = await goneWithin(stage, link);
  const age = (performance.now() - begun) / 1000;
  // The server may just have been about to disconnect it.
  if (!isGone) return `left ${age < TIMEOUT - 0.5 ? 'early' : 'late'}`;
  if (age < TIMEOUT - 0.1) stage.fail(`${link} was disconnected after ${age} s of silence, not ${TIMEOUT}`);
  return 'disconnected by the server';
}

/** Waits until the server no longer lists the client. Returns false if the load ends first. */
async function goneWithin(stage: Stage, link: Link): Promise<boolean> {
  const witness = await Link.join(stage, { name: `${link.name}-witness`, protocol: 3 });
  const until = performance.now() + (TIMEOUT + LATE) * 1000;
  let gone = false;
  while (!gone && !stage.stopping) {
    gone = (await witness.demand('CLIENT', 'LIST', 'ID', String(link.id))) === '';
    if (performance.now() > until) stage.fail(`${link} is still connected after ${TIMEOUT + LATE} s of silence`);
    if (!gone) await stage.pause(200);
  }
  await witness.leave();
  return gone;
}

/** Now and then, more clients connect at once than the server accepts. */
export async function crowd(stage: Stage, maxClients: number): Promise<void> {
  const random = stage.random.fork(70_000);
  for (;;) {
    await stage.pause(random.between(1000, 6000));
    if (stage.stopping) return;
    stage.tally.count('crowds');
    const many = Math.max(0, maxClients - stage.links.size) + random.between(1, 20);
    const connect = async () => RawClient.on(await stage.connect(random.chance(0.3)));
    const clients = await Promise.all(Array.from({ length: many }, connect));
    await Promise.all(clients.map((client) => client.send('PING\r\n')));
    const accepted = await Promise.all(clients.map((client) => isAccepted(stage, client)));
    await wait(random.between(0, 200));
    for (const client of clients.filter((_, i) => accepted[i])) {
      // It made room for another client, or a slow machine let it be silent for too long.
      const ended = client.socket.destroyed ? await client.takeAll() : undefined;
      if (ended === undefined) stage.tally.count('left without a password');
      else stage.tally.count(ended === `-${REFUSAL}\r\n` ? 'refused: maxclients' : 'crowd clients disconnected');
      client.close();
    }
  }
}

/** Returns whether the server asks the client to authenticate. Otherwise it must have refused the client. */
async function isAccepted(stage: Stage, client: RawClient): Promise<boolean> {
  const heard = await client.takeUntil('\r\n').catch(() => '');
  if (heard === '') stage.tally.count(UNHEARD);
  else if (heard === `-${REFUSAL}\r\n`) stage.tally.count('refused: maxclients');
  else if (heard !== NOAUTH) stage.fail(`a client in a crowd was answered with ${JSON.stringify(heard)}`);
  return heard === NOAUTH;
}
