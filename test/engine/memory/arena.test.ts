import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Arena } from '../../../src/engine/memory/arena.js';

/** An arena with known content: each chunk is filled with a byte of its owner. */
class Filled {
  readonly addresses = new Map<number, number>();
  readonly arena: Arena;

  constructor(maxSlabs?: number) {
    this.arena = new Arena((owner, address, from) => {
      if (this.addresses.get(owner) !== from) expect.fail(`${owner} was not at ${from}`);
      this.addresses.set(owner, address);
    }, maxSlabs);
  }

  add(owner: number, bytes: number): void {
    const address = this.arena.allocate(owner, bytes);
    expect(this.arena.size(address)).toBe(Arena.chunkSize(bytes));
    expect(this.arena.room(address)).toBeGreaterThanOrEqual(bytes);
    this.addresses.set(owner, address);
    this.#bytes(address).fill(owner);
    expect(this.arena.words(address)[this.arena.start(address) >>> 2]).toBe(((owner & 255) * 0x01010101) >>> 0);
  }

  remove(owner: number): void {
    const address = this.addresses.get(owner) ?? 0;
    this.addresses.delete(owner);
    this.arena.free(address);
  }

  check(): void {
    let used = 0;
    for (const [owner, address] of this.addresses) {
      const bytes = this.#bytes(address);
      expect(bytes.equals(Buffer.alloc(bytes.length, owner & 255))).toBe(true);
      used += this.arena.size(address);
    }
    expect(this.arena.used).toBe(used);
  }

  #bytes(address: number): Buffer {
    const start = this.arena.start(address);
    return this.arena.buffer(address).subarray(start, start + this.arena.room(address));
  }
}

describe('Arena', () => {
  it('allocates chunks that do not overlap, keeps their content, and counts them', () => {
    const bytes = fc.oneof(
      fc.integer({ min: 1, max: 2044 }),
      fc.integer({ min: 2040, max: 2050 }),
      fc.integer({ min: 2045, max: Arena.MAX_BYTES }),
      fc.integer({ min: Arena.MAX_BYTES - 5, max: Arena.MAX_BYTES }),
    );
    const act = fc.record({ owner: fc.nat({ max: 500 }), bytes });
    fc.assert(
      fc.property(fc.array(act, { maxLength: 400, size: 'max' }), (acts) => {
        const filled = new Filled();
        for (const { owner, bytes } of acts) {
          if (filled.addresses.has(owner)) filled.remove(owner);
          else filled.add(owner, bytes);
        }
        filled.check();
        for (const owner of [...filled.addresses.keys()]) filled.remove(owner);
        expect(filled.arena.used).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  it('has chunk sizes that waste little', () => {
    for (let bytes = 1; bytes <= Arena.MAX_BYTES; bytes++) {
      const size = Arena.chunkSize(bytes);
      const isSmall = bytes <= 2044;
      if (size % (isSmall ? 8 : 32) !== 0) expect.fail(`${size} is not a multiple of a unit`);
      if (size - bytes >= bytes / (isSmall ? 16 : 8) + 16) expect.fail(`${size} for ${bytes}`);
    }
  });

  it('compacts chunks when many are freed at random, and frees slabs', () => {
    const filled = new Filled();
    for (let owner = 0; owner < 60_000; owner++) filled.add(owner, 100 + (owner % 3) * 40);
    const full = filled.arena.reserved;
    // Every slab keeps some chunks.
    for (let owner = 0; owner < 60_000; owner++) if (owner % 10 !== 0) filled.remove(owner);
    filled.check();
    const { used, reserved } = filled.arena;
    expect(reserved).toBeLessThan(full / 6);
    expect(reserved - used).toBeLessThan(used / 3 + 3 * 2 * 2 ** 17);
    for (const owner of [...filled.addresses.keys()]) filled.remove(owner);
    expect(filled.arena.reserved).toBeLessThanOrEqual(3 * 2 ** 17);
    filled.arena.trim();
    expect(filled.arena.reserved).toBe(0);
  });

  it.each([
    [2050, 4000],
    [9000, 2000],
    [65_532, 400],
  ])('compacts large chunks too: %i bytes', (bytes, owners) => {
    const filled = new Filled();
    for (let owner = 0; owner < owners; owner++) filled.add(owner, bytes);
    const full = filled.arena.reserved;
    expect(full - filled.arena.used).toBeLessThan(full / 8);
    for (let owner = 0; owner < owners; owner++) if (owner % 10 !== 0) filled.remove(owner);
    filled.check();
    const { used, reserved } = filled.arena;
    expect(reserved).toBeLessThanOrEqual((used * 4) / 3 / 0.9 + 2 * 2 ** 19);
    for (const owner of [...filled.addresses.keys()]) filled.remove(owner);
    filled.arena.trim();
    expect(filled.arena.reserved).toBe(0);
  });

  it('has a limit, reports when it is near, and allocates again when chunks were freed', () => {
    const filled = new Filled(64);
    let owner = 0;
    for (; !filled.arena.isFull; owner++) filled.add(owner, owner % 2 === 0 ? 60_000 : 2000);
    expect(() => {
      for (; ; owner++) filled.add(owner, owner % 2 === 0 ? 60_000 : 2000);
    }).toThrow(expect.objectContaining({ code: 'OOM' }));
    filled.check();
    for (const there of [...filled.addresses.keys()]) filled.remove(there);
    expect(filled.arena.isFull).toBe(false);
    for (let again = 0; again < owner; again++) filled.add(again, again % 2 === 0 ? 60_000 : 2000);
    filled.check();
  });

  it('keeps fragmentation below a quarter through a million allocations and frees', () => {
    const addresses = new Uint32Array(50_000);
    const arena = new Arena((owner, address) => {
      addresses[owner] = address;
    });
    let seed = 1;
    const random = (below: number) => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return Math.floor((seed / 2 ** 32) * below);
    };
    let worst = 0;
    for (let act = 0, filling = true; act < 1_000_000; act++) {
      const owner = random(addresses.length);
      // It alternately fills to nine tenths and empties to a tenth, with other sizes each time.
      if (addresses[owner] === 0 && (filling || random(4) === 0)) {
        addresses[owner] = arena.allocate(owner, 20 + random(300 + (act >>> 17) * 50));
      } else if (addresses[owner] !== 0 && (!filling || random(4) === 0)) {
        const address = addresses[owner];
        addresses[owner] = 0;
        arena.free(address);
      }
      if (act % 100_000 === 99_999) filling = !filling;
      // Not counting one slab per size, which a size may hold in reserve.
      if (act % 1000 === 0) {
        const sizes = new Set(addresses.filter((address) => address !== 0).map((address) => arena.size(address)));
        const spare = (sizes.size + 3) * 2 ** 17;
        worst = Math.max(worst, 1 - arena.used / Math.max(arena.used, arena.reserved - spare));
      }
    }
    expect(worst).toBeLessThanOrEqual(0.25);
  });
});
