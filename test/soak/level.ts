import type { Info } from '../tools/info.js';

/** What is measured once a second. */
const MEASURES = ['used_memory', 'used_memory_rss', 'node_heap_total'] as const;

const MB = 1024 * 1024;
/** A run of this many seconds is long: V8 has had time for many garbage collections. */
const LONG = 240;

/**
 * Checks that memory does not grow. The first minute, or the first third of a short run, does not count: code is
 * compiled then, and buffers grow to their usual size. The rest is divided into three parts. The median of the last
 * part may exceed the median of the first by a tenth and 24 MB in a long run, and by a third and 48 MB in a short one,
 * which sees only a few garbage collections. Medians ignore peaks such as a reply of 16 MB.
 */
export class Level {
  readonly #samples: Info[] = [];

  add(info: Info): void {
    this.#samples.push(info);
  }

  /** Returns the three medians of each measure, as text. @throws Error if one of them grew. */
  check(): string[] {
    const count = this.#samples.length;
    const settled = this.#samples.slice(Math.min(60, Math.floor(count / 3)));
    const part = Math.floor(settled.length / 3);
    if (part < 2) return ['the run is too short to check that memory does not grow'];
    const [share, bytes] = count >= LONG ? [1.1, 24 * MB] : [1.33, 48 * MB];
    return MEASURES.map((measure) => {
      const values = settled.map((info) => info.number(measure));
      const medians = [values.slice(0, part), values.slice(part, -part), values.slice(-part)].map(median);
      const text = `${measure}: ${medians.map((value) => (value / MB).toFixed(1)).join(', ')} MB`;
      if (medians[2] > medians[0] * share + bytes) throw new Error(`memory grows: ${text}`);
      return text;
    });
  }
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
}
