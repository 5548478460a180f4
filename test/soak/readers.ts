import { encode } from '../tools/connection.js';
import { isError, type Reply, show } from '../tools/replies.js';
import { Link } from './link.js';
import type { Stage } from './stage.js';

/** More than the sockets buffer, and than the server buffers before it stops serving the client. */
const REPLIES = 48;
const VALUE_BYTES = 256 * 1024;

/** How many bytes a client that does not subscribe may leave unread. */
export const OUTPUT_LIMIT = 16 * 1024 * 1024;

/**
 * Slow readers ask for much, read nothing for a while, and must then receive all of it in order, because the server
 * stops serving a client that does not read. Only a single reply that exceeds the limit ends the connection.
 */
export async function readSlowly(stage: Stage, number: number): Promise<void> {
  const random = stage.random.fork(40_000 + number);
  const value = random.bytes(64).repeat(VALUE_BYTES / 64);
  const name = `slow-${number}`;
  let token: Reply | undefined;
  while (!stage.stopping) {
    const link = await Link.join(stage, { name, unix: number % 2 === 1 });
    // Eviction and MAXAGE end the session. It may take a while until there is memory for a new one.
    if (typeof token !== 'string' || (await link.ask('SESSION.EXISTS', token)) !== 1) {
      token = await link.ask('SESSION.NEW', name, '0', 'MAXAGE', '30', 'LIMIT', '1', 'DATA', 'big', value);
    }
    if (typeof token === 'string' && random.chance(0.15)) {
      await askTooMuch(stage, link, token);
    } else if (typeof token === 'string') {
      askMuch(stage, link, token, value);
      link.pause();
      await stage.pause(random.between(200, 3000));
      if (random.chance(0.2)) link.cut();
      else link.resume();
      await link.answered();
    }
    if (!link.closed) link.leave();
    await link.ended;
    await stage.pause(random.between(0, 1000));
  }
}

function askMuch(stage: Stage, link: Link, token: string, value: string): void {
  let bytes = '';
  for (let i = 0; i < REPLIES; i++) {
    const settle = ([big, mark]: readonly Reply[]) => {
      if (big !== value && !isError(big, 'NOSESSION')) throw new Error(`a wrong value: ${show(big).slice(0, 80)}`);
      if (mark !== String(i)) throw new Error(`ECHO ${i} replied ${show(mark)}`);
      stage.tally.count('large values read slowly');
    };
    link.expect({ replies: 2, settle });
    bytes += encode(['SESSION.GET', token, 'big']) + encode(['ECHO', String(i)]);
  }
  link.write(bytes);
}

/** A single reply that exceeds the limit: the server sends none of it. */
async function askTooMuch(stage: Stage, link: Link, token: string): Promise<void> {
  link.doomed = true;
  const times = Math.ceil(OUTPUT_LIMIT / VALUE_BYTES) + 1;
  const reply = await link.ask('SESSION.MGET', token, ...Array.from({ length: times }, () => 'big'));
  if (reply === undefined) stage.tally.count('too large replies refused');
  else if (!isError(reply, 'NOSESSION')) stage.fail(`a reply exceeded the limit: ${show(reply).slice(0, 80)}`);
}
