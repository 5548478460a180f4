const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'];

/** Writes a size in bytes: `812 B`, `1.5 KB`, `23 MB`. A KB is 1024 bytes, as in INFO. */
export function bytes(size: number): string {
  let unit = 0;
  let value = size;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit]}`;
}
