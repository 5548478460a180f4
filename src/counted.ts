/** Returns a number of things in words: `1 change`, `3 changes`. @param plural What the plural appends to the noun. */
export function counted(number: number, noun: string, plural = 's'): string {
  return `${number} ${noun}${number === 1 ? '' : plural}`;
}
