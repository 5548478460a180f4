/** Returns a number as `printf` of C writes it with `%.<precision>g`. */
export function generalNumber(value: number, precision: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? '-nan' : value > 0 ? 'inf' : '-inf';
  if (Number.isInteger(value) && Math.abs(value) < Math.min(10 ** precision, Number.MAX_SAFE_INTEGER)) {
    return Object.is(value, -0) ? '-0' : String(value);
  }
  const [mantissa, exponent] = value.toExponential(precision - 1).split('e');
  const power = Number(exponent);
  if (power >= -4 && power < precision) return withoutZeros(value.toFixed(precision - 1 - power));
  const digits = String(Math.abs(power)).padStart(2, '0');
  return `${withoutZeros(mantissa)}e${power < 0 ? '-' : '+'}${digits}`;
}

function withoutZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}
