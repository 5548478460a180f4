import type { Session, SessionEngine } from '../engine/index.js';
import type { TimeSlices } from '../engine/time/time-slices.js';

/** The number of slots to visit, sort or merge before the time is checked. */
const RUN = 1024;

/** Returns the slots of all sessions, the oldest session first. Clients are served meanwhile. */
export async function slotsByAge(engine: SessionEngine, slices: TimeSlices): Promise<Uint32Array> {
  const slots = new Uint32Array(engine.slots);
  const created = new Float64Array(engine.slots);
  let count = 0;
  let isSorted = true;
  for (let cursor = 0; count < slots.length; ) {
    cursor = engine.scan(cursor, RUN, (session: Session) => {
      if (count === slots.length) return;
      slots[count] = session;
      created[count] = engine.created(session);
      isSorted &&= count === 0 || created[count - 1] <= created[count];
      count++;
    });
    if (cursor === 0) break;
    if (slices.isOver) await slices.next();
  }
  if (isSorted) return slots.subarray(0, count);
  const order = await sorted(created.subarray(0, count), slices);
  return order.map((index) => slots[index]);
}

/** Returns the indexes of `numbers` in ascending order of the numbers, by merging runs. */
async function sorted(numbers: Float64Array, slices: TimeSlices): Promise<Uint32Array> {
  const { length } = numbers;
  let from = Uint32Array.from(numbers, (_, index) => index);
  let to = new Uint32Array(length);
  for (let start = 0; start < length; start += RUN) {
    from.subarray(start, start + RUN).sort((a, b) => numbers[a] - numbers[b]);
    if (slices.isOver) await slices.next();
  }
  for (let width = RUN; width < length; width *= 2) {
    for (let start = 0; start < length; start += 2 * width) {
      const middle = Math.min(start + width, length);
      const end = Math.min(start + 2 * width, length);
      let [left, right] = [start, middle];
      for (let at = start; at < end; ) {
        for (const stop = Math.min(at + RUN, end); at < stop; at++) {
          const takesLeft = left < middle && (right === end || numbers[from[left]] <= numbers[from[right]]);
          to[at] = from[takesLeft ? left++ : right++];
        }
        if (slices.isOver) await slices.next();
      }
    }
    [from, to] = [to, from];
  }
  return from;
}
