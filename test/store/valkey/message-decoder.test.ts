import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MessageDecoder } from '../../../src/store/valkey/nodes/message-decoder.js';

/** Decodes bytes that arrive in some chunks. Returns what the listener was called with. */
function decode(chunks: readonly Buffer[]): string[] {
  const calls: string[] = [];
  const decoder = new MessageDecoder({
    onMessage: (channel, message) => calls.push(`message ${channel} ${message.toString('latin1')}`),
    onSubscribed: (channel) => calls.push(`subscribed ${channel}`),
    onUnsubscribed: (channel) => calls.push(`unsubscribed ${channel}`),
    onPong: () => calls.push('pong'),
    onError: (reason) => calls.push(`error ${reason}`),
  });
  for (const chunk of chunks) decoder.write(chunk);
  return calls;
}

function bulk(text: string | Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(`$${Buffer.byteLength(text)}\r\n`),
    Buffer.from(text as string),
    Buffer.from('\r\n'),
  ]);
}

function message(channel: string, payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from('*3\r\n'), bulk('smessage'), bulk(channel), bulk(payload)]);
}

describe('the decoder of messages', () => {
  it.each([
    ['*3\r\n$10\r\nssubscribe\r\n$4\r\n{é}\r\n:1\r\n', 'subscribed {é}'],
    ['*3\r\n$12\r\nsunsubscribe\r\n$3\r\n{5}\r\n:0\r\n', 'unsubscribed {5}'],
    ['*3\r\n$12\r\nsunsubscribe\r\n$-1\r\n:0\r\n', 'unsubscribed '],
    ['*2\r\n$4\r\npong\r\n$0\r\n\r\n', 'pong'],
    ['+PONG\r\n', 'pong'],
    ['-MOVED 5 10.0.0.1:6379\r\n', 'error MOVED 5 10.0.0.1:6379'],
    ['*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nb\r\n', 'error an unexpected reply'],
    [':1\r\n', 'error an unexpected reply'],
  ])('decodes %j', (text, call) => {
    expect(decode([Buffer.from(text)])).toEqual([call]);
  });

  it('decodes messages with any bytes, however they are cut into chunks', () => {
    const one = fc.record({
      channel: fc.constantFrom('{1}:events', '{é}:due'),
      payload: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 5 }), fc.array(fc.integer({ min: 1, max: 200 })), (messages, lengths) => {
        const stream = Buffer.concat(messages.map(({ channel, payload }) => message(channel, payload)));
        const chunks: Buffer[] = [];
        for (let at = 0; at < stream.length; ) {
          const length = lengths.length === 0 ? stream.length : lengths[chunks.length % lengths.length];
          chunks.push(stream.subarray(at, at + length));
          at += length;
        }
        const expected = messages.map(({ channel, payload }) => `message ${channel} ${payload.toString('latin1')}`);
        expect(decode(chunks)).toEqual(expected);
      }),
    );
  });
});
