const exact = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat('en-GB', { notation: 'compact', maximumSignificantDigits: 3 });
const small = new Intl.NumberFormat('en-GB', { maximumSignificantDigits: 2 });

/** Writes a whole number: `1,234,567`. */
export const count = (value: number): string => exact.format(value);

/** Writes a number in little space: `812`, `12.3k`, `4.5M`. */
export const shortCount = (value: number): string => (value < 10_000 ? exact.format(value) : short.format(value));

/** Writes a rate per second: `0`, `0.4`, `12`, `1,204`. */
export const rate = (perSecond: number): string => (perSecond < 10 ? small.format(perSecond) : shortCount(perSecond));

/** Writes a number with its noun: `1 session`, `2 sessions`. */
export function counted(value: number, noun: string, plural = `${noun}s`): string {
  return `${count(value)} ${value === 1 ? noun : plural}`;
}
