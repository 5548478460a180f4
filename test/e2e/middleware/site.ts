import type { Store } from './stores.js';

/** What a session holds, beside its cookie. */
export interface Content {
  user?: string;
  visits?: number;
}

/** A web application that listens. */
export interface Site {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Starts the same small application in a framework:
 *
 * - `GET /` tells who is logged in, and changes nothing;
 * - `POST /visits` counts;
 * - `POST /login` gives the visitor a new session, of the user in its body;
 * - `POST /logout` destroys it.
 */
export type StartSite = (store: Store) => Promise<Site>;

export const SECRET = 'no secret at all, but 32 characters';

/** How long a session lasts from each request anew, in milliseconds. */
export const MAX_AGE = 1_800_000;
