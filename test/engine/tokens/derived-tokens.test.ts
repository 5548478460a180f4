import { createCipheriv, createHmac, hkdfSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NO_SESSION, SessionEngine } from '../../../src/engine/index.js';
import { KeyedHash } from '../../../src/engine/tables/keyed-hash.js';
import { DerivedTokens } from '../../../src/engine/tokens/derived-tokens.js';
import { formatToken, TOKEN_WORDS } from '../../../src/engine/tokens/token.js';
import { Slice } from '../../../src/slice.js';

const NOBODYS = Slice.of('AAAAAAAAAAAAAAAAAAAAAA');

function derived(secret: Uint8Array, name: Slice): { words: Uint32Array; bytes: Buffer } {
  const words = new Uint32Array(TOKEN_WORDS);
  new DerivedTokens(secret).derive(name, words);
  return { words, bytes: Buffer.from(formatToken(words).latin1(), 'base64url') };
}

describe('the token of a shared session', () => {
  it('starts with 96 bits of the HMAC-SHA-256 of its name', () => {
    // RFC 4231, test case 2.
    const { bytes } = derived(Buffer.from('Jefe'), Slice.of('what do ya want for nothing?'));
    expect(bytes.toString('hex', 0, 12)).toBe('5bdcc146bf60754e6a042426');
  });

  it('ends with 32 bits of a keyed hash of its name, masked by AES of the others, each with its own key', () => {
    const [secret, name] = [Buffer.from('0123456789abcdef'), Buffer.from('basket:17')];
    const keyFor = (purpose: string, bytes: number) => Buffer.from(hkdfSync('sha256', secret, '', purpose, bytes));
    const tag = createHmac('sha256', secret).update(name).digest().subarray(0, 12);
    const cipher = createCipheriv('aes-256-ecb', keyFor('respite token mask', 32), null);
    const mask = cipher.update(Buffer.concat([tag, Buffer.alloc(4)])).readUInt32BE(0);
    const key = keyFor('respite name locator', 8);
    const locator = new KeyedHash(Uint32Array.of(key.readUInt32LE(0), key.readUInt32LE(4))).of(Slice.of(name));
    const last = Buffer.alloc(4);
    last.writeInt32BE(locator ^ mask);
    expect(derived(secret, Slice.of(name)).bytes).toEqual(Buffer.concat([tag, last]));
  });

  it('leads back to the locator of its name, but only with the same secret', () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 512 });
    fc.assert(
      fc.property(bytes, fc.uint8Array({ minLength: 16, maxLength: 40 }), (name, secret) => {
        const tokens = new DerivedTokens(secret);
        const { words } = derived(secret, Slice.of(Buffer.from(name)));
        expect(tokens.locatorIn(words)).toBe(tokens.locator.of(Slice.of(Buffer.from(name))));
      }),
    );
    const [one, other] = [new DerivedTokens(Buffer.from('one')), new DerivedTokens(Buffer.from('other'))];
    const { words } = derived(Buffer.from('one'), Slice.of('x'));
    expect(other.locatorIn(words)).not.toBe(one.locator.of(Slice.of('x')));
    expect(other.locatorIn(words)).not.toBe(other.locator.of(Slice.of('x')));
  });

  it('has every bit set for about half of all names, in the last word too', () => {
    const tokens = new DerivedTokens(Buffer.from('0123456789abcdef'));
    const ones = new Array<number>(128).fill(0);
    const words = new Uint32Array(TOKEN_WORDS);
    for (let i = 0; i < 4000; i++) {
      tokens.derive(Slice.of(`key:${i}`), words);
      for (let bit = 0; bit < 128; bit++) ones[bit] += (words[bit >>> 5] >>> (bit & 31)) & 1;
    }
    // Half of 4000, plus or minus eight standard deviations.
    for (const count of ones) expect(Math.abs(count - 2000)).toBeLessThan(253);
  });
});

describe('an engine with many shared sessions without tokens', () => {
  /** An engine with such sessions. `tokenOf` derives their tokens without the engine counting it. */
  function engineWith(count: number) {
    const secret = Buffer.from('0123456789abcdef');
    const engine = new SessionEngine({ secret });
    for (let i = 0; i < count; i++) engine.create(Slice.of(`key:${i}`), { shared: 'tokenless' });
    const tokenOf = (name: string) => formatToken(derived(secret, Slice.of(name)).words).copy();
    return { engine, tokenOf };
  }

  it('finds each by its token with one derivation, and with none the next time', () => {
    const { engine, tokenOf } = engineWith(5000);
    for (const i of [0, 1, 2500, 4999]) {
      const before = engine.derivations;
      for (let times = 0; times < 3; times++) {
        const session = engine.find(Slice.of(tokenOf(`key:${i}`)));
        expect(session === NO_SESSION ? undefined : engine.nameText(session)).toBe(`key:${i}`);
      }
      expect(engine.derivations).toBe(before + 1);
    }
  });

  it('derives nothing for a token that leads to no name', () => {
    const { engine, tokenOf } = engineWith(5000);
    for (let i = 5000; i < 5200; i++) expect(engine.find(Slice.of(tokenOf(`key:${i}`)))).toBe(NO_SESSION);
    engine.create(Slice.of('x'), { token: NOBODYS });
    expect(engine.derivations).toBe(0);
  });

  it('compares the complete token: one that leads to the name but differs in one bit is refused', () => {
    const { engine } = engineWith(1);
    const tokens = new DerivedTokens(Buffer.from('0123456789abcdef'));
    const { words } = derived(Buffer.from('0123456789abcdef'), Slice.of('key:0'));
    for (let bit = 0; bit < 96; bit++) {
      const forged = Uint32Array.from(words);
      forged[bit >>> 5] ^= 1 << (bit & 31);
      // With the secret, it can be made to lead to the name.
      forged[3] ^= tokens.locatorIn(forged) ^ tokens.locator.of(Slice.of('key:0'));
      expect(tokens.locatorIn(forged)).toBe(tokens.locator.of(Slice.of('key:0')));
      expect(engine.find(Slice.of(formatToken(forged).copy()))).toBe(NO_SESSION);
    }
  });

  it('keeps restored tokens that were derived in another way', () => {
    const engine = new SessionEngine();
    const old = Slice.of('W9zBRr9gdU5qBCQmCJV1xw');
    const session = engine.create(Slice.of('basket'), { shared: true });
    const state = engine.state(session);
    engine.end(session);
    const restoration = engine.restore();
    restoration.put(old, Slice.of('basket'), state, []);
    restoration.finish();
    expect(engine.nameText(engine.find(old))).toBe('basket');
    expect(engine.token(engine.open(Slice.of('basket')))).toBe(old.latin1());
  });
});
