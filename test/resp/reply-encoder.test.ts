import { describe, expect, it } from 'vitest';
import { OutputLimitError, ReplyEncoder } from '../../src/resp/reply-encoder.js';

function written(protocol: 2 | 3, write: (reply: ReplyEncoder) => void): string {
  const reply = new ReplyEncoder();
  reply.protocol = protocol;
  write(reply);
  return reply.take().toString('latin1');
}

describe('ReplyEncoder', () => {
  it.each<[string, (reply: ReplyEncoder) => void, string, string]>([
    ['ok', (reply) => reply.ok(), '+OK\r\n', '+OK\r\n'],
    ['a status', (reply) => reply.simple('PONG'), '+PONG\r\n', '+PONG\r\n'],
    ['an error', (reply) => reply.error('ERR no\r\nway'), '-ERR no  way\r\n', '-ERR no  way\r\n'],
    ['an error in UTF-8', (reply) => reply.error('ERR é'), '-ERR \xc3\xa9\r\n', '-ERR \xc3\xa9\r\n'],
    ['an integer', (reply) => reply.integer(-42), ':-42\r\n', ':-42\r\n'],
    [
      'a 64-bit integer',
      (reply) => reply.integer(2n ** 63n - 1n),
      ':9223372036854775807\r\n',
      ':9223372036854775807\r\n',
    ],
    ['true', (reply) => reply.boolean(true), ':1\r\n', '#t\r\n'],
    ['false', (reply) => reply.boolean(false), ':0\r\n', '#f\r\n'],
    ['a double', (reply) => reply.double(1.5), '$3\r\n1.5\r\n', ',1.5\r\n'],
    ['infinity', (reply) => reply.double(-Infinity), '$4\r\n-inf\r\n', ',-inf\r\n'],
    [
      'bytes',
      (reply) => reply.bulk(Buffer.from('\r\n\0\xff', 'latin1')),
      '$4\r\n\r\n\0\xff\r\n',
      '$4\r\n\r\n\0\xff\r\n',
    ],
    ['text', (reply) => reply.bulk('é'), '$2\r\n\xc3\xa9\r\n', '$2\r\n\xc3\xa9\r\n'],
    ['nothing', (reply) => reply.bulkOrNull(undefined), '$-1\r\n', '_\r\n'],
    ['an array', (reply) => reply.array(2), '*2\r\n', '*2\r\n'],
    ['a map', (reply) => reply.map(2), '*4\r\n', '%2\r\n'],
    ['a set', (reply) => reply.set(2), '*2\r\n', '~2\r\n'],
    ['a push', (reply) => reply.push(2), '*2\r\n', '>2\r\n'],
    ['text for people', (reply) => reply.verbatim('hi'), '$2\r\nhi\r\n', '=6\r\ntxt:hi\r\n'],
  ])('writes %s', (_, write, resp2, resp3) => {
    expect(written(2, write)).toBe(resp2);
    expect(written(3, write)).toBe(resp3);
  });

  it('returns complete replies of every size, and starts anew', () => {
    const reply = new ReplyEncoder();
    for (const size of [0, 1, 1000, 16_370, 16_384, 70_000, 5, 3_000_000, 5]) {
      const value = Buffer.alloc(size, 'v');
      reply.ok();
      reply.bulk(value);
      expect(reply.take().toString('latin1')).toBe(`+OK\r\n$${size}\r\n${value}\r\n`);
      expect(reply.length).toBe(0);
    }
  });

  it('gives away what a command wrote, for later', () => {
    const reply = new ReplyEncoder();
    reply.ok();
    reply.begin();
    reply.bulk('later');
    const cut = reply.cut();
    reply.integer(1);
    reply.append(cut);
    expect(reply.take().toString('latin1')).toBe('+OK\r\n:1\r\n$5\r\nlater\r\n');
  });

  it('discards what a command wrote before it failed', () => {
    const reply = new ReplyEncoder();
    reply.ok();
    reply.begin();
    reply.array(3);
    reply.rewind();
    reply.error('ERR failed');
    expect(reply.take()).toBe('+OK\r\n-ERR failed\r\n');
  });

  it.each([5, 5_000, 50_000])('returns what is finished and keeps what may be discarded, after %i bytes', (size) => {
    const reply = new ReplyEncoder();
    const value = Buffer.alloc(size, 'v');
    reply.bulk(value);
    reply.begin();
    reply.array(2);
    reply.bulk(value);
    const whole = `$${size}\r\n${value}\r\n`;
    expect(reply.takeFinished().toString('latin1')).toBe(whole);
    expect(reply.takeFinished().length).toBe(0);
    reply.integer(1);
    expect(reply.take().toString('latin1')).toBe(`*2\r\n${whole}:1\r\n`);
    reply.begin();
    reply.ok();
    expect(reply.takeFinished().length).toBe(0);
    reply.rewind();
    reply.error('ERR failed');
    expect(reply.take()).toBe('-ERR failed\r\n');
  });

  it('refuses to grow beyond its limit', () => {
    const reply = new ReplyEncoder({ maxBytes: 10_000 });
    reply.bulk(Buffer.alloc(9000));
    expect(() => reply.bulk(Buffer.alloc(9000))).toThrow(OutputLimitError);
  });

  it('reuses the memory of large replies only after they are sent', () => {
    const write = (reply: ReplyEncoder, text: string) => {
      reply.bulk(text.repeat(40_000));
      return reply.take() as Buffer;
    };
    const [one, other] = [new ReplyEncoder(), new ReplyEncoder()];
    const unsent = write(one, 'a');
    const sent = write(other, 'b');
    expect(sent.buffer).not.toBe(unsent.buffer);
    other.sent();
    expect(write(one, 'c').buffer).toBe(sent.buffer);
    // `sent` is about what was taken last. What was taken earlier may still be unsent.
    one.ok();
    one.take();
    one.sent();
    expect(write(new ReplyEncoder(), 'd').buffer).not.toBe(unsent.buffer);
    expect(unsent.toString()).toBe(`$40000\r\n${'a'.repeat(40_000)}\r\n`);
  });

  it('keeps replies that have to wait in as little memory as they need, and appends to them', () => {
    const reply = new ReplyEncoder();
    reply.bulk('x'.repeat(100));
    reply.keep();
    expect(reply.held).toBe(108);
    reply.ok();
    expect(reply.take()).toBe(`$100\r\n${'x'.repeat(100)}\r\n+OK\r\n`);
    const waiting = new ReplyEncoder(undefined, true);
    waiting.ok();
    expect(waiting.held).toBe(512);
  });

  it('holds no memory while it has nothing to send', () => {
    const reply = new ReplyEncoder();
    reply.ok();
    reply.take();
    expect(reply.held).toBe(0);
  });
});
