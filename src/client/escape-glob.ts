/** Returns a glob pattern that matches only this text. */
export const escapeGlob = (text: string): string => text.replace(/[\\*?[\]]/g, '\\$&');
