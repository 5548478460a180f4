import type { ApiError, SessionApi, SessionApiPath } from '../../src/http/sessions/session-api-data.js';

/**
 * Sends a request of the session API.
 * @throws Error with the server's own words if it refuses.
 */
export async function ask<Path extends SessionApiPath>(
  path: Path,
  request: SessionApi[Path]['request'],
): Promise<SessionApi[Path]['response']> {
  const response = await fetch(path.slice(1), {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(request),
  }).catch(() => {
    throw new Error('The server cannot be reached.');
  });
  if (response.ok) return response.json();
  const failure: Partial<ApiError> = await response.json().catch(() => ({}));
  throw new Error(failure.error ?? `The server answered ${response.status} ${response.statusText}.`);
}
