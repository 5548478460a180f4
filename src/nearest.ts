/** The most edits for a word to count as misspelt: a third of its letters, and at least one. */
const mostEdits = (word: string) => Math.max(1, Math.floor(word.length / 3));

/**
 * Returns the candidates that a misspelt word most likely stands for, nearest first. None if none is near.
 * @param most The most candidates to return.
 */
export function nearest(word: string, candidates: Iterable<string>, most = 1): string[] {
  const allowed = mostEdits(word);
  return [...candidates]
    .map((candidate) => ({ candidate, edits: editsBetween(word, candidate) }))
    .filter(({ edits }) => edits <= allowed)
    .sort((a, b) => a.edits - b.edits)
    .slice(0, most)
    .map(({ candidate }) => candidate);
}

/**
 * Returns how many letters must be inserted, removed, replaced or swapped with their neighbour to turn one word into
 * the other.
 */
export function editsBetween(one: string, other: string): number {
  // Row i has the edits between the first i letters of `one` and each prefix of `other`.
  let before: number[] = [];
  let last: number[] = Array.from({ length: other.length + 1 }, (_, j) => j);
  for (let i = 1; i <= one.length; i++) {
    const row = [i];
    for (let j = 1; j <= other.length; j++) {
      const isSame = one[i - 1] === other[j - 1];
      row[j] = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (isSame ? 0 : 1));
      const isSwap = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      if (isSwap) row[j] = Math.min(row[j], before[j - 2] + 1);
    }
    before = last;
    last = row;
  }
  return last[other.length];
}
