import { setTimeout as wait } from 'node:timers/promises';
import { Failure, ReplyReader, show } from '../tools/replies.js';
import { encode, Link, openSocket, REFUSAL, UNHEARD } from './link.js';
import type { Stage } from './stage.js';

/** Clients that nobody wants, and what the server must do with each: answer as it should, or end it, and no more. */

/** The server gives up a client that has been silent for so many seconds. */
export const TIMEOUT = 10;
const GUESSED = 'passwords guessed';
const GUESSING = 'attempts to guess a password';
/** By so many seconds a busy machine may be late with it: a guard. */
const LATE = 120;
export const QUERY_LIMIT = 4 * 1024 * 1024;
const FAILED_AUTHENTICATIONS = 10;

/** A user that may only read. */
export const READER = { name: 'reader', password: 'reads' };

const NOPERM = (command: string) => `-NOPERM User reader has no permissions to run the '${command}' command\r\n`;

/** Sends bytes and reads to the end of the connection. Undefined if it was turned away. */
async function talk(stage: Stage, bytes: string, closing: boolean): Promise<string | undefined> {
  const socket = await openSocket(stage, false);
  let heard = '';
  socket.on('data', (chunk) => {
    heard += chunk.toString('latin1');
  });
  const closed = new Promise((resolve) => socket.once('close', resolve));
  if (closing) socket.end(bytes, 'latin1');
  else socket.write(bytes, 'latin1');
  await closed;
  if (heard.startsWith(`-${REFUSAL}`)) {
    stage.count('refused: maxclients');
    return undefined;
  }
  return heard;
}

interface Nuisance {
  readonly what: string;
  readonly bytes: string;
  readonly answer: string;
  /** Whether it ends the connection by itself; else the server must. */
  readonly closing?: true;
  /** What the server is to count because of it, under which of our names. */
  readonly counts?: Readonly<Record<string, number>>;
}

function nuisances(password: string): Nuisance[] {
  const hello = encode(['AUTH', password]);
  const broken = (what: string, bytes: string, reason: string): Nuisance => ({
    what: 'protocol errors',
    bytes: `${hello}${bytes}`,
    answer: `+OK\r\n-ERR Protocol error: ${reason}\r\n`,
    counts: { [what]: 1 },
  });
  const failed = '-WRONGPASS invalid username-password pair or user is disabled.\r\n';
  return [
    broken('huge arrays', '*30000000\r\n', 'invalid multibulk length'),
    broken('huge arguments', '*1\r\n$99999999999\r\n', 'invalid bulk length'),
    broken('negative lengths', '*1\r\n$-5\r\n', 'invalid bulk length'),
    broken('nested arrays', '*1\r\n'.repeat(10_000), "expected '$', got '*'"),
    broken('missing line ends', '*1\r\n$4\r\nPINGPING', 'expected CRLF after bulk'),
    broken('digits that are none', '*1\r\n$4x\r\nPING\r\n', 'invalid bulk length'),
    broken('unbalanced quotes', 'ECHO "x\r\n', 'unbalanced quotes in request'),
    broken('HTTP requests', 'POST / HTTP/1.1\r\nHost: x\r\n\r\nFLUSHALL\r\n', 'this is not an HTTP server'),
    {
      what: 'protocol errors',
      bytes: '*17\r\n',
      answer: '-ERR Protocol error: unauthenticated multibulk length\r\n',
    },
    {
      what: 'commands without authentication',
      bytes: `${encode(['SESSION.NEW', 'x'])}${encode(['PING'])}`,
      answer: '-NOAUTH Authentication required.\r\n-NOAUTH Authentication required.\r\n',
      closing: true,
    },
    {
      what: GUESSED,
      bytes: encode(['AUTH', 'default', 'guess']).repeat(FAILED_AUTHENTICATIONS + 5),
      answer: failed.repeat(FAILED_AUTHENTICATIONS),
      counts: { 'authentications denied': FAILED_AUTHENTICATIONS },
    },
    {
      what: 'commands without permission',
      bytes:
        encode(['AUTH', READER.name, READER.password]) +
        encode(['SESSION.NEW', 'x']) +
        encode(['PSUBSCRIBE', '*']) +
        encode(['SHUTDOWN']),
      answer: `+OK\r\n${NOPERM('session.new')}${NOPERM('psubscribe')}${NOPERM('shutdown')}`,
      closing: true,
      counts: { 'commands denied': 3 },
    },
  ];
}

/** Sends what no client library would, again and again. */
export async function annoy(stage: Stage, number: number): Promise<void> {
  const random = stage.random.fork(50_000 + number);
  const all = nuisances(stage.password);
  while (!stage.stopping) {
    const way = random.fraction();
    if (way < 0.3) {
      await sendGarbage(stage, random.bytes(random.between(1, 3000)));
    } else if (way < 0.33) {
      await sendTooMuch(stage);
    } else if (way < 0.36) {
      const socket = await openSocket(stage, false);
      socket.resetAndDestroy();
      stage.count('connections cut at once');
    } else {
      const { what, bytes, answer, closing = false, counts = {} } = random.pick(all);
      if (what === GUESSED) {
        // Answers to more wrong passwords wait for minutes.
        if (stage.counted(GUESSING) > 0) continue;
        stage.count(GUESSING);
      }
      const heard = await talk(stage, bytes, closing);
      if (heard === '') {
        stage.count(UNHEARD);
      } else if (heard !== undefined) {
        if (heard !== answer) {
          stage.fail(`${what}: ${JSON.stringify(bytes.slice(0, 200))} was answered with ${JSON.stringify(heard)}`);
        }
        stage.count(what);
        for (const [name, by] of Object.entries(counts)) stage.count(name, by);
      }
    }
    await stage.pause(random.between(0, 100));
  }
}

/** Any bytes: whatever they are taken for, each reply must be one. */
async function sendGarbage(stage: Stage, bytes: string): Promise<void> {
  const heard = await talk(stage, `${encode(['AUTH', stage.password])}${bytes}\r\n`, true);
  if (heard === '') stage.count(UNHEARD);
  if (heard === undefined || heard === '') return;
  const reader = new ReplyReader();
  reader.push(Buffer.from(heard, 'latin1'));
  reader.next();
  for (let reply = reader.next(); reply !== undefined; reply = reader.next()) {
    if (!(reply instanceof Failure)) stage.fail(`garbage was answered with ${show(reply)}: ${JSON.stringify(bytes)}`);
  }
  if (reader.pending > 0) stage.fail('the reply to garbage was cut off');
  stage.count('garbage');
}

/** A request that is larger than the limit on requests. */
async function sendTooMuch(stage: Stage): Promise<void> {
  const part = 'x'.repeat(1024 * 1024);
  const parts = QUERY_LIMIT / part.length + 1;
  const heard = await talk(
    stage,
    encode(['AUTH', stage.password]) + encode(['ECHO', ...Array(parts).fill(part)]).slice(0, -2),
    false,
  );
  if (heard === undefined) return;
  // The connection may be cut before we have sent all of it and come to read the reason.
  if (heard === '' || heard === '+OK\r\n') stage.count('too large requests, without an answer');
  else if (heard !== '+OK\r\n-ERR Protocol error: too big request\r\n') {
    stage.fail(`a too large request was answered with ${JSON.stringify(heard.slice(0, 200))}`);
  } else stage.count('too large requests');
}

/**
 * Clients that stop in the middle: a request begun and never finished, or replies never read. They send nothing
 * more and do not go. The server must give them up after its timeout, not sooner.
 */
export async function stall(stage: Stage, number: number): Promise<void> {
  const random = stage.random.fork(60_000 + number);
  await stage.pause(random.between(0, 3000));
  while (!stage.stopping) {
    const link = await Link.open(stage, { name: `stalled-${number}`, protocol: 2, unix: random.chance(0.3) });
    link.doomed = true;
    const begun = performance.now();
    if (random.chance(0.5)) {
      link.write('*3\r\n$11\r\nSESSION.GET\r\n$22\r\nabc');
    } else {
      link.pause();
      link.write(encode(['COMMAND', 'DOCS']).repeat(40));
    }
    const age = () => (performance.now() - begun) / 1000;
    if (random.chance(0.3)) {
      // It goes by itself after all, well before the server loses patience.
      await stage.pause(random.between(0, TIMEOUT * 400));
      stage.count('half-open connections cut');
    } else if (await goneWithin(stage, link)) {
      if (age() < TIMEOUT - 0.1) stage.fail(`${link} was given up after ${age()} s of silence, not ${TIMEOUT}`);
      stage.count('half-open connections given up');
    } else {
      // The server may just be about to.
      stage.count(`half-open connections left ${age() < TIMEOUT - 0.5 ? 'early' : 'late'}`);
    }
    link.cut();
    await link.ended;
  }
}

/** Waits until the server has no such client any more. False if the load ends first. */
async function goneWithin(stage: Stage, link: Link): Promise<boolean> {
  const witness = await Link.open(stage, { name: `${link.name}-witness`, protocol: 3, unix: false });
  let gone = false;
  const until = performance.now() + (TIMEOUT + LATE) * 1000;
  for (;;) {
    gone = (await witness.demand('CLIENT', 'LIST', 'ID', String(link.id))) === '';
    if (gone || stage.stopping) break;
    if (performance.now() > until) stage.fail(`${link} is still connected, ${TIMEOUT + LATE} s after its last word`);
    await stage.pause(200);
  }
  witness.leave();
  await witness.ended;
  return gone;
}

/** Now and then so many connect at once that there are more than the server takes. */
export async function crowd(stage: Stage, maxClients: number): Promise<void> {
  const random = stage.random.fork(70_000);
  while (!stage.stopping) {
    await stage.pause(random.between(1000, 6000));
    if (stage.stopping) break;
    stage.count('crowds');
    const many = Math.max(0, maxClients - stage.links.size) + random.between(1, 20);
    const sockets = await Promise.all(Array.from({ length: many }, () => openSocket(stage, random.chance(0.3))));
    await Promise.all(
      sockets.map((socket) => {
        return new Promise<void>((resolve) => {
          let heard = '';
          socket.on('data', (chunk) => {
            heard += chunk.toString('latin1');
            if (heard.startsWith('-NOAUTH')) resolve();
          });
          socket.once('close', () => {
            if (heard.endsWith(`-${REFUSAL}\r\n`)) stage.count('refused: maxclients');
            else if (heard === '') stage.count(UNHEARD);
            else stage.fail(`one of a crowd heard ${JSON.stringify(heard)}`);
            resolve();
          });
          socket.write('PING\r\n');
        });
      }),
    );
    await wait(random.between(0, 200));
    for (const socket of sockets) {
      if (!socket.destroyed) stage.count('left without a password');
      socket.removeAllListeners('close').destroy();
    }
  }
}
