import { isError, type Reply, show } from '../tools/replies.js';
import { newWords } from './acts.js';
import { encode, Link } from './link.js';
import type { Stage } from './stage.js';

/** More than the sockets' own buffers hold, and than the server lets stand before it stops to serve. */
const REPLIES = 48;
const VALUE_BYTES = 256 * 1024;

/** Bytes that one client may leave unread: the server's limit for those who do not listen. */
export const OUTPUT_LIMIT = 16 * 1024 * 1024;

/**
 * Slow readers: ask for much, read nothing for a while, and must then get all of it in order, since the server
 * stops to serve a client that does not read. Only a single answer that is larger than the limit costs the
 * connection.
 */
export async function readSlowly(stage: Stage, number: number): Promise<void> {
  const random = stage.random.fork(40_000 + number);
  const value = random.bytes(64).repeat(VALUE_BYTES / 64);
  const name = `slow-${number}`;
  let token: Reply | undefined;
  while (!stage.stopping) {
    const link = await Link.open(stage, { name, protocol: 2, unix: number % 2 === 1 });
    token = await ownSession(link, token, name, value);
    if (typeof token === 'string') {
      if (random.chance(0.15)) {
        await askTooMuch(stage, link, token);
      } else {
        askMuch(stage, link, token, value);
        link.pause();
        await stage.pause(random.between(200, 3000));
        if (random.chance(0.2)) link.cut();
        else link.resume();
        await link.answered();
      }
    }
    if (!link.closed) link.leave();
    await link.ended;
    await stage.pause(random.between(0, 1000));
  }
}

/** The session of the reader, made anew where it was evicted. Undefined while there is no room for it. */
async function ownSession(
  link: Link,
  token: Reply | undefined,
  name: string,
  value: string,
): Promise<Reply | undefined> {
  if (typeof token === 'string' && (await link.ask('SESSION.EXISTS', token)) === 1) return token;
  return link.ask(...newWords(name, ['0'], ['MAXAGE', '30', 'LIMIT', '1', 'DATA', 'big', value]));
}

function askMuch(stage: Stage, link: Link, token: string, value: string): void {
  let bytes = '';
  for (let i = 0; i < REPLIES; i++) {
    link.expect({
      replies: 2,
      settle: ([big, mark]) => {
        // MAXAGE and eviction may come in between.
        if (big !== value && !isError(big, 'NOSESSION'))
          throw new Error(`a value came changed: ${show(big).slice(0, 80)}`);
        if (mark !== String(i)) throw new Error(`ECHO ${i} was answered with ${show(mark)}`);
        stage.count('large values read slowly');
      },
    });
    bytes += encode(['SESSION.GET', token, 'big']) + encode(['ECHO', String(i)]);
  }
  link.write(bytes);
}

/** One answer that is larger than the limit: none of it comes. */
async function askTooMuch(stage: Stage, link: Link, token: string): Promise<void> {
  link.doomed = true;
  const times = Math.ceil(OUTPUT_LIMIT / VALUE_BYTES) + 1;
  const reply = await link.ask('SESSION.MGET', token, ...Array.from({ length: times }, () => 'big'));
  if (reply === undefined) stage.count('too large replies refused');
  else if (!isError(reply, 'NOSESSION'))
    stage.fail(`a reply beyond the output limit came: ${show(reply).slice(0, 80)}`);
}
