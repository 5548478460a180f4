import type { Store } from './stores.js';

/** The contents of a session, apart from its cookie. */
export interface Content {
  user?: string;
  visits?: number;
}

/** A web application that is running. */
export interface Site {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Starts the same small application in one framework:
 *
 * - `GET /` shows who is logged in and changes nothing.
 * - `POST /visits` counts visits.
 * - `POST /login` gives the visitor a new session for the user in the body.
 * - `POST /logout` destroys the session.
 */
export type StartSite = (store: Store) => Promise<Site>;

export const SECRET = 'no secret at all, but 32 characters';

/** How long a session lasts after each request, in milliseconds. */
export const MAX_AGE = 1_800_000;
