/**
 * Spreads partitions over processes by rendezvous hashing (D. Thaler and C. Ravishankar, 1998): each partition belongs
 * to the process with the greatest weight. All processes that know the same list compute the same owners without
 * asking. When a process joins or leaves, only the partitions that it gets or had change their owner.
 *
 * @param self One of `processes`.
 * @param partitions How many there are.
 * @returns The partitions that belong to `self`, ascending.
 */
export function partitionsOf(self: string, processes: readonly string[], partitions: number): number[] {
  const mine = { id: self, hash: hashOf(self) };
  const others = processes.filter((id) => id !== self).map((id) => ({ id, hash: hashOf(id) }));
  const owned: number[] = [];
  for (let partition = 0; partition < partitions; partition++) {
    const weight = weightOf(mine.hash, partition);
    const isOurs = others.every(({ id, hash }) => {
      const other = weightOf(hash, partition);
      return weight > other || (weight === other && self < id);
    });
    if (isOurs) owned.push(partition);
  }
  return owned;
}

function weightOf(hash: number, partition: number): number {
  return mixed(hash ^ mixed(partition + 1));
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return mixed(hash);
}

/** The last step of MurmurHash3: each bit of the argument changes each bit of the result with a probability of 1/2. */
function mixed(value: number): number {
  let bits = value;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
