import { describe, expect, it, vi } from 'vitest';
import { Region } from '../../../src/engine/memory/region.js';
import { type Slab, SlabSpace } from '../../../src/engine/memory/slab-space.js';

const SLAB_BYTES = 2 ** 17;

/** A slab that is filled with its number. */
class Filled implements Slab {
  place = -1;
  declare bytes: Buffer;
  declare words: Uint32Array<ArrayBuffer>;
  readonly number: number;
  readonly extent: number;

  constructor(number: number, extent: number) {
    this.number = number;
    this.extent = extent;
  }

  fill(): void {
    this.words.fill(this.number, 0, this.extent / 4);
  }

  get intact(): boolean {
    return (
      this.bytes.length === SLAB_BYTES &&
      this.bytes.buffer === this.words.buffer &&
      this.bytes.byteOffset === this.words.byteOffset &&
      this.words.subarray(0, this.extent / 4).every((word) => word === this.number)
    );
  }
}

function filled(count: number, extent = 64): { space: SlabSpace<Filled>; slabs: Filled[] } {
  const space = new SlabSpace<Filled>(SLAB_BYTES);
  const slabs = Array.from({ length: count }, (_, number) => new Filled(number, extent));
  for (const slab of slabs) {
    space.add(slab);
    slab.fill();
  }
  return { space, slabs };
}

const MIB = 2 ** 20;
const resident = () => process.memoryUsage.rss();

describe('SlabSpace', () => {
  it('keeps the content of slabs wherever they move, and has no gaps between them', () => {
    const { space, slabs } = filled(700);
    let seed = 1;
    const random = (below: number) => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return Math.floor((seed / 2 ** 32) * below);
    };
    for (let act = 0; act < 5000; act++) {
      // It empties, fills, and empties again.
      const shrinking = act % 2500 < 1800;
      if (slabs.length > 0 && (shrinking || random(4) === 0)) {
        const [gone] = slabs.splice(random(slabs.length), 1);
        space.remove(gone);
        expect(gone.bytes.length).toBe(0);
      } else if (!shrinking) {
        const slab = new Filled(1000 + act, 64);
        space.add(slab);
        slab.fill();
        slabs.push(slab);
      }
      if (act % 20 !== 0) continue;
      expect(slabs.every((slab) => slab.intact)).toBe(true);
      expect(space.length).toBe(slabs.length);
      const places = slabs.map((slab) => slab.place).sort((a, b) => a - b);
      expect(places).toEqual(slabs.map((_, place) => place));
    }
  });

  it('copies only the part of a slab that is in use', () => {
    const { space, slabs } = filled(2);
    slabs[1].bytes[SLAB_BYTES - 1] = 1;
    slabs[0].bytes[SLAB_BYTES - 1] = 2;
    space.remove(slabs[0]);
    expect([slabs[1].place, slabs[1].bytes[SLAB_BYTES - 1]]).toEqual([0, 2]);
  });

  it('leaves unused regions to the garbage collector, and makes it run', async () => {
    const start = resident();
    const { space, slabs } = filled(600, SLAB_BYTES);
    const full = resident();
    expect(full - start).toBeGreaterThan(70 * MIB);
    for (const slab of slabs.slice(10)) space.remove(slab);
    Region.collect();
    await vi.waitFor(() => expect(full - resident()).toBeGreaterThan(60 * MIB), 120_000);
    expect(slabs.slice(0, 10).every((slab) => slab.intact)).toBe(true);
  });
});
