import { InvalidArgumentError } from 'commander';

/** Reads an option that is a whole number from 1 to 99,999,999. */
export function positive(text: string): number {
  if (!/^[1-9]\d{0,7}$/.test(text)) throw new InvalidArgumentError('Expected a positive whole number.');
  return Number(text);
}
