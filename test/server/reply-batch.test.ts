import type { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Outbox } from '../../src/server/outbox.js';
import { Output } from '../../src/server/output.js';
import { ReplyBatch } from '../../src/server/reply-batch.js';
import { turnEventLoop } from '../turn-event-loop.js';

describe('replies are written at the end of the turn', () => {
  it('those to all clients together', async () => {
    const batch = new ReplyBatch();
    const clients = [makeOutput(batch), makeOutput(batch)];
    for (const { output } of clients) reply(output, 'OK', 0);
    expect(clients.map(({ written }) => written())).toEqual(['', '']);
    await turnEventLoop();
    expect(clients.map(({ written }) => written())).toEqual(['+OK\r\n', '+OK\r\n']);
  });

  it('but at once after a millisecond', async () => {
    const batch = new ReplyBatch();
    const [first, second] = [makeOutput(batch), makeOutput(batch)];
    reply(first.output, 'a', 5);
    reply(second.output, 'b', 5.9);
    expect(second.written()).toBe('');
    reply(second.output, 'c', 5.9);
    const third = makeOutput(batch);
    reply(third.output, 'd', 6);
    expect([first.written(), second.written(), third.written()]).toEqual(['+a\r\n', '+b\r\n+c\r\n', '+d\r\n']);
    reply(first.output, 'e', 6);
    expect(first.written()).toBe('+a\r\n');
    await turnEventLoop();
    expect(first.written()).toBe('+a\r\n+e\r\n');
  });

  it('before what is written to the client later in the turn', async () => {
    const { output, written } = makeOutput(new ReplyBatch());
    reply(output, 'subscribed', 0);
    output.message('a', 'x'.repeat(100_000));
    expect(written()).toMatch(/^\+subscribed\r\n\*3\r\n\$7\r\nmessage\r\n/);
    reply(output, 'z'.repeat(5000), 0);
    expect(written().endsWith('z\r\n')).toBe(true);
    reply(output, 'last', 0);
    output.writeBatched();
    expect(written().endsWith('z\r\n+last\r\n')).toBe(true);
  });

  it('to the others, if a client has left', async () => {
    const batch = new ReplyBatch();
    const [gone, here] = [makeOutput(batch), makeOutput(batch)];
    reply(gone.output, 'OK', 0);
    reply(here.output, 'OK', 0);
    gone.socket.destroy();
    await turnEventLoop();
    expect([gone.written(), here.written()]).toEqual(['', '+OK\r\n']);
  });
});

function reply(output: Output, text: string, now: number): void {
  output.begin();
  output.reply.begin();
  output.reply.simple(text);
  output.end();
  output.flush(false, now);
}

function makeOutput(batch: ReplyBatch) {
  const socket = new PassThrough({ highWaterMark: 2 ** 20 });
  const limit = { hard: 0, soft: 0, seconds: 0 };
  const output = new Output(socket as unknown as Socket, {
    outbox: new Outbox(),
    batch,
    limit: () => limit,
    replyLimit: { maxBytes: Infinity },
    onWrite: () => {},
    onHeldChange: () => {},
    onBehind: () => {},
    onOverflow: () => {},
    onFault: (fault) => {
      throw fault;
    },
  });
  let text = '';
  const written = () => {
    for (let chunk = socket.read(); chunk !== null; chunk = socket.read()) text += chunk.toString('latin1');
    return text;
  };
  return { socket, output, written };
}
