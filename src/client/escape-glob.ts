/** A glob pattern that matches this text alone. */
export const escapeGlob = (text: string): string => text.replace(/[\\*?[\]]/g, '\\$&');
