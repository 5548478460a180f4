/**
 * Returns an error as a client gets it: a code and a message. As in Redis, a text that begins with a hyphen and has
 * several words has a code already.
 */
export function errorText(text: string): string {
  if (!text.startsWith('-')) return `ERR ${text}`;
  const rest = text.slice(1).trimEnd();
  return rest.includes(' ') ? rest : `ERR ${rest}`;
}
