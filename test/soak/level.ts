import type { Info } from '../tools/info.js';

/** What is looked at once a second. */
const MEASURES = ['used_memory', 'used_memory_rss', 'node_heap_total'] as const;
type Measure = (typeof MEASURES)[number];

type Sample = Readonly<Record<Measure, number>>;

const MB = 1024 * 1024;
/** A run of so many seconds is long: V8 has had the time to collect what it collects, many times. */
const LONG = 240;

/**
 * Whether memory is level. The first minute, in short runs the first third, is not looked at: code is compiled
 * then, and buffers grow to the size they keep. What follows is cut into three; the median of the last part may
 * exceed that of the first by a tenth and 24 MB in a run of four minutes or more, and by a third and 48 MB in a shorter
 * one, which sees no more of V8's collector than a few of its turns. Medians, since the load is at random: a peak, such as
 * a reply of 16 MB, is no trend.
 */
export class Level {
  readonly #samples: Sample[] = [];

  add(info: Info): void {
    this.#samples.push({
      used_memory: info.number('used_memory'),
      used_memory_rss: info.number('used_memory_rss'),
      node_heap_total: info.number('node_heap_total'),
    });
  }

  /** For each measure the medians of the three parts, in words. @throws Error if one of them has risen. */
  check(): string[] {
    const count = this.#samples.length;
    const settled = this.#samples.slice(Math.min(60, Math.floor(count / 3)));
    const part = Math.floor(settled.length / 3);
    if (part < 2) return ['too short a run to tell whether memory is level'];
    const [share, bytes] = count >= LONG ? [1.1, 24 * MB] : [1.33, 48 * MB];
    return MEASURES.map((measure) => {
      const values = settled.map((sample) => sample[measure]);
      const medians = [values.slice(0, part), values.slice(part, -part), values.slice(-part)].map(median);
      const words = `${measure}: ${medians.map((value) => (value / MB).toFixed(1)).join(', ')} MB`;
      if (medians[2] > medians[0] * share + bytes) throw new Error(`memory is not level: ${words}`);
      return words;
    });
  }
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
}
