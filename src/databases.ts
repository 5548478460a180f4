/** The most databases of plain keys. Their numbers are below it, because names of sessions contain them. */
export const MAX_DATABASES = 1024;
