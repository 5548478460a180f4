import { checkText } from './argument-checks.js';

/** Returns what identifies a user as text. @throws TypeError if it is neither a string nor a number. */
export function nameText(what: string, name: string | number): string {
  if (Number.isFinite(name)) return String(name);
  checkText(what, name);
  return name as string;
}

/**
 * As `nameText`, for a user whom an application names.
 * @throws RangeError if the name is empty: sessions without a known user belong to nobody.
 */
export function knownName(name: string | number): string {
  const text = nameText('a name', name);
  if (text === '') throw new RangeError('a name must not be empty');
  return text;
}
