import fc from 'fast-check';
import RedisParser from 'redis-parser';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ProtocolError } from '../../src/resp/protocol-error.js';
import { RequestDecoder, type RequestLimits } from '../../src/resp/request-decoder.js';
import { frame } from '../raw-client.js';

const LIMITS: RequestLimits = { maxArguments: 1000, maxBulk: 1 << 20, maxInline: 1024, maxRequest: 1 << 20 };

type Words = readonly Buffer[];

function pull(decoder: RequestDecoder): Words[] {
  const requests: Words[] = [];
  for (let next = decoder.next(); next !== undefined; next = decoder.next())
    requests.push(next.words().map((word) => Buffer.from(word)));
  return requests;
}

function decode(text: string | Buffer, limits: Partial<RequestLimits> = {}): string[][] {
  const decoder = new RequestDecoder({ ...LIMITS, ...limits });
  decoder.push(Buffer.from(text as string, 'latin1'));
  return pull(decoder).map((request) => request.map((argument) => argument.toString('latin1')));
}

const argument = fc.oneof(
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  fc.constantFrom('\r\n', '$3\r\n', '*1\r\n', '', '\0').map((text) => Buffer.from(text)),
);
const request = fc.array(argument, { minLength: 1, maxLength: 6 });

/** Decodes a stream that arrives in these pieces, and perhaps puts each request back once. */
function outcomeOf(pieces: readonly Buffer[], { puttingBack = false } = {}) {
  const decoder = new RequestDecoder(LIMITS);
  const requests: string[][] = [];
  let error = '';
  try {
    for (const piece of pieces) {
      // The socket's buffer is overwritten as soon as the requests in it are served.
      const chunk = Buffer.from(piece);
      decoder.push(chunk);
      for (let next = decoder.next(); next !== undefined; next = decoder.next()) {
        if (puttingBack) {
          decoder.putBack();
          decoder.keep();
          next = decoder.next() ?? expect.fail();
        }
        requests.push(next.words().map((word) => word.toString('latin1')));
      }
      if (decoder.pending === 0) chunk.fill(0x55);
    }
  } catch (caught) {
    if (!(caught instanceof ProtocolError)) throw caught;
    error = caught.message;
  }
  return { requests, error, pending: error === '' ? decoder.pending : undefined };
}

const cutAt = (stream: Buffer, at: number) => [stream.subarray(0, at), stream.subarray(at)];

/** Streams with arguments of all lengths that are decoded differently, and with other requests between them. */
const streams: Record<string, readonly (string | Buffer)[]> = {
  'short and long arguments': [0, 1, 9, 10, 99, 100, 101, 999, 1000].map((length) =>
    frame('SET', Buffer.alloc(length, '\r\n$*:-')),
  ),
  'many arguments': [1, 2, 16, 17, 64, 65, 200].map((count) => frame(...Array.from({ length: count }, String))),
  'frames between empty requests': ['*0\r\n', frame('GET', 'k'), '*-1\r\n', frame('PING'), '\r\n'],
  'inline requests between frames': ['GET k\r\n', frame('GET', 'k'), 'ECHO "a\\r\\n"\n', frame('ECHO', '\r\n')],
  'an incomplete frame at the end': [frame('GET', 'k'), '*2\r\n$3\r\nGET\r\n$5\r\nab'],
  'a fault after a frame: the length of the array': [frame('GET', 'k'), '*1x\r\n'],
  'a fault after a frame: the length of an argument': [frame('GET', 'k'), '*2\r\n$1\r\nA\r\n$-1\r\n'],
  'a fault after a frame: no bulk string': [frame('GET', 'k'), '*2\r\n$1\r\nA\r\n:1\r\n'],
  'a fault after a frame: no line end': [frame('GET', 'k'), '*2\r\n$1\r\nA\r\n$2\r\nabcd'],
  'a fault in an inline request': [frame('GET', 'k'), 'GET "k\r\n'],
};

describe('RequestDecoder', () => {
  afterEach(() => vi.restoreAllMocks());

  it.each(Object.entries(streams))(
    'returns a request that was put back once more, also in another buffer: %s',
    (_, pieces) => {
      const stream = Buffer.concat(pieces.map((piece) => Buffer.from(piece as string)));
      const whole = outcomeOf([stream]);
      for (const at of [stream.length, stream.length >> 1, 3]) {
        expect(outcomeOf(cutAt(stream, at), { puttingBack: true }), `cut at byte ${at}`).toEqual(whole);
      }
    },
  );

  it.each(Object.entries(streams))('decodes a stream in the same way wherever it is cut: %s', (_, pieces) => {
    const stream = Buffer.concat(pieces.map((piece) => Buffer.from(piece as string)));
    const whole = outcomeOf([stream]);
    for (let at = 1; at < stream.length; at++) {
      expect(outcomeOf(cutAt(stream, at)), `cut at byte ${at}`).toEqual(whole);
      expect(outcomeOf([...cutAt(stream.subarray(0, at), at - 1), stream.subarray(at)])).toEqual(whole);
    }
    expect(outcomeOf(Array.from(stream, (byte) => Buffer.of(byte)))).toEqual(whole);
  });

  it('uses the parser only for frames that are cut, with the same result', () => {
    const execute = vi.spyOn(RedisParser.prototype, 'execute');
    fc.assert(
      fc.property(request, request, request, (before, words, after) => {
        const [first, second, third] = [before, words, after].map((one) => frame(...one));
        const stream = Buffer.concat([first, second, third]);
        const end = first.length + second.length;
        const expected = [before, words, after].map((one) => one.map((word) => word.toString('latin1')));
        for (let at = first.length; at <= end; at++) {
          execute.mockClear();
          expect(outcomeOf(cutAt(stream, at))).toEqual({ requests: expected, error: '', pending: 0 });
          const parsed = execute.mock.calls.map(([frame]) => frame.toString('latin1'));
          expect(parsed).toEqual(at === first.length || at === end ? [] : [second.toString('latin1')]);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('decodes every request, whatever its bytes are and wherever the stream is cut', () => {
    fc.assert(
      fc.property(fc.array(request, { maxLength: 8 }), fc.array(fc.integer({ min: 1, max: 30 })), (requests, cuts) => {
        const stream = Buffer.concat(requests.map((words) => frame(...words)));
        const pieces: Buffer[] = [];
        for (let at = 0, i = 0; at < stream.length; i++) {
          const end = at + (cuts[i % (cuts.length || 1)] ?? stream.length);
          pieces.push(stream.subarray(at, end));
          at = end;
        }
        const expected = requests.map((words) => words.map((word) => word.toString('latin1')));
        expect(outcomeOf(pieces)).toEqual({ requests: expected, error: '', pending: 0 });
      }),
      { numRuns: 500 },
    );
  });

  it('takes linear time even when a large argument arrives in tiny pieces', () => {
    const decoder = new RequestDecoder(LIMITS);
    const value = Buffer.alloc(1 << 19, 'x');
    const stream = frame(Buffer.from('SET'), value);
    // Walking or copying everything for each piece would mean 130,000 times half a megabyte.
    for (let at = 0; at < stream.length; at += 4) {
      decoder.push(stream.subarray(at, at + 4));
      if (at + 4 < stream.length) expect(decoder.next()).toBeUndefined();
    }
    expect(decoder.next()?.word(1).toBuffer().equals(value)).toBe(true);
  });

  it('throws nothing but ProtocolErrors, whatever arrives', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '*',
        '$',
        '\r\n',
        '*1\r\n$4\r\nPING\r\n',
        '*-1\r\n',
        '3',
        '-',
        ':1\r\n',
        '"',
        "'",
        'PING ',
        '\n',
        '\\x',
      ),
      fc.string({ maxLength: 4 }),
    );
    fc.assert(
      fc.property(fc.array(fc.array(piece).map((pieces) => pieces.join(''))), (chunks) => {
        const decoder = new RequestDecoder(LIMITS);
        try {
          for (const chunk of chunks) {
            decoder.push(Buffer.from(chunk, 'latin1'));
            for (const parsed of pull(decoder)) for (const part of parsed) expect(part).toBeInstanceOf(Buffer);
          }
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('accepts empty requests', () => {
    expect(decode('*0\r\n*-1\r\n\r\n\n  \r\n*1\r\n$4\r\nPING\r\n')).toEqual([['PING']]);
  });

  it.each([
    ['PING\r\n', [['PING']]],
    ['PING\n', [['PING']]],
    ['  SET  key   value \r\n', [['SET', 'key', 'value']]],
    ['SET key "a \\"b\\" \\n\\r\\t\\a\\b\\x41\\\\ \\q"\r\n', [['SET', 'key', 'a "b" \n\r\t\x07\bA\\ q']]],
    ["SET key 'it\\'s \\n'\r\n", [['SET', 'key', "it's \\n"]]],
    ['SET "" \'\'\r\n', [['SET', '', '']]],
    ['SET a"b"\r\n', [['SET', 'ab']]],
    ['SET \xff\xfe\r\n', [['SET', '\xff\xfe']]],
    ['PING\r\n*1\r\n$4\r\nPONG\r\nECHO x\n', [['PING'], ['PONG'], ['ECHO', 'x']]],
  ])('reads the inline request %j', (line, requests) => {
    expect(decode(line)).toEqual(requests);
  });

  it.each([
    ['*30000000\r\n', 'invalid multibulk length'],
    ['*1001\r\n', 'invalid multibulk length'],
    ['*99999999999999\r\n', 'invalid multibulk length'],
    ['*x\r\n', 'invalid multibulk length'],
    ['*\r\n', 'invalid multibulk length'],
    ['*+1\r\n', 'invalid multibulk length'],
    ['*01\r\n', 'invalid multibulk length'],
    ['*1\rx', 'invalid multibulk length'],
    ['*1\n$4\r\nPING\r\n', 'invalid multibulk length'],
    ['*1\r\n$-5\r\n', 'invalid bulk length'],
    ['*1\r\n$-1\r\n', 'invalid bulk length'],
    ['*1\r\n$-0\r\n', 'invalid bulk length'],
    ['*1\r\n$99999999999\r\n', 'invalid bulk length'],
    ['*1\r\n$1048577\r\n', 'invalid bulk length'],
    ['*1\r\n$4 \r\nPING\r\n', 'invalid bulk length'],
    ['*1\r\n*1\r\n$4\r\nPING\r\n', "expected '$', got '*'"],
    ['*1\r\n:1\r\n', "expected '$', got ':'"],
    ['*1\r\n-ERR\r\n', "expected '$', got '-'"],
    ['*1\r\n\r\n', "expected '$', got '?'"],
    ['*1\r\n$4\r\nPINGxx', 'expected CRLF after bulk'],
    ['x'.repeat(1025), 'too big inline request'],
    [`${'x'.repeat(1025)}\r\n`, 'too big inline request'],
    ['SET "a\r\n', 'unbalanced quotes in request'],
    ["SET 'a\r\n", 'unbalanced quotes in request'],
    ['SET "a"b\r\n', 'unbalanced quotes in request'],
    ['POST / HTTP/1.1\r\n', 'this is not an HTTP server'],
    ['Host: localhost:6379\r\n', 'this is not an HTTP server'],
  ])('refuses %j', (bytes, reason) => {
    expect(() => decode(bytes)).toThrow(new ProtocolError(reason));
  });

  it('refuses a request whose total size is too big', () => {
    const decoder = new RequestDecoder({ ...LIMITS, maxRequest: 1000 });
    decoder.push(Buffer.from('*100\r\n'));
    expect(decoder.next()).toBeUndefined();
    decoder.push(Buffer.from('$10\r\n0123456789\r\n'.repeat(70)));
    expect(() => decoder.next()).toThrow(new ProtocolError('too big request', { ofSize: true }));
  });

  it('returns the requests before a fault first', () => {
    const decoder = new RequestDecoder(LIMITS);
    decoder.push(Buffer.from('*1\r\n$4\r\nPING\r\n*1\r\n:1\r\n'));
    expect(decoder.next()?.words().toString()).toBe('PING');
    expect(() => decoder.next()).toThrow(ProtocolError);
  });

  it('accepts only small requests before the client authenticates, and large ones from the next request on', () => {
    const large = frame(...Array.from({ length: 17 }, () => 'x'));
    const long = frame(Buffer.alloc(16_385, 'x'));
    for (const [bytes, reason] of [
      [large, 'unauthenticated multibulk length'],
      [long, 'unauthenticated bulk length'],
      [Buffer.from('*1001\r\n'), 'invalid multibulk length'],
    ] as const) {
      const decoder = new RequestDecoder(LIMITS);
      decoder.trusted = false;
      decoder.push(bytes);
      expect(() => decoder.next()).toThrow(new ProtocolError(reason));
    }
    const decoder = new RequestDecoder(LIMITS);
    decoder.trusted = false;
    decoder.push(Buffer.concat([frame('AUTH'), large, long]));
    expect(decoder.next()?.words().toString()).toBe('AUTH');
    decoder.trusted = true;
    expect(decoder.next()).toHaveLength(17);
    expect(decoder.next()?.word(0)).toHaveLength(16_385);
  });

  it('does not keep a large buffer for the few bytes after a large request', () => {
    const decoder = new RequestDecoder({ ...LIMITS, maxBulk: 2 ** 26, maxRequest: 2 ** 27 });
    const large = frame(Buffer.alloc(40_000_000));
    decoder.push(large.subarray(0, 1000));
    expect(decoder.next()).toBeUndefined();
    decoder.push(Buffer.concat([large.subarray(1000), Buffer.from('*')]));
    expect(decoder.next()).toHaveLength(1);
    expect(decoder.next()).toBeUndefined();
    expect(decoder.pending).toBe(1);
    expect(decoder.held).toBeLessThan(100_000);
  });

  it('allocates nothing for announced bytes that have not arrived', () => {
    const before = process.memoryUsage().arrayBuffers;
    const decoders = Array.from(
      { length: 100 },
      () => new RequestDecoder({ ...LIMITS, maxArguments: 2 ** 20, maxBulk: 2 ** 26 }),
    );
    for (const decoder of decoders) {
      decoder.push(Buffer.from('*1048576\r\n$67108864\r\nx'));
      expect(decoder.next()).toBeUndefined();
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1e6);
  });
});
