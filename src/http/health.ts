import type { Context } from 'hono';
import type { ServerControl } from '../execution/context/server-control.js';
import type { HttpApp, HttpContext, HttpEnv } from './http-context.js';

/** Returns why a check fails; undefined if it passes. The reason is shown to anybody, so it names no file. */
type Check = (server: ServerControl) => string | undefined;

/** The answer itself shows that the event loop turns. */
const ping: Check = () => undefined;

/** Whether the process works. If not, only a restart helps. */
const LIVEZ: Record<string, Check> = { ping };

/** Whether clients should be sent here. */
const READYZ: Record<string, Check> = {
  ping,
  loading: ({ durability }) => {
    const { progress } = durability ?? {};
    if (progress === undefined) return undefined;
    const { loaded, total } = progress;
    return `the journal is being loaded: ${total === 0 ? 0 : Math.floor((loaded / total) * 100)} %`;
  },
  journal: ({ durability }) =>
    durability?.progress === undefined && durability?.failure !== undefined
      ? 'the journal cannot be written, so writes are refused'
      : undefined,
  store: ({ store }) =>
    store === undefined || store.status.reachable ? undefined : 'the store of the sessions cannot be reached',
  shutdown: ({ isStopping }) => (isStopping ? 'the server is stopping' : undefined),
};

/** The names of the checks of /readyz. */
export const READY_CHECKS = Object.keys(READYZ);

/** Returns why clients should not be sent to the server, by the name of the check; empty if they should be. */
export function failedChecks(server: ServerControl): Map<string, string> {
  return failuresOf(server, READYZ);
}

function failuresOf(server: ServerControl, checks: Record<string, Check>): Map<string, string> {
  const failures = new Map<string, string>();
  for (const [name, check] of Object.entries(checks)) {
    const failure = check(server);
    if (failure !== undefined) failures.set(name, failure);
  }
  return failures;
}

/**
 * Adds /livez and /readyz, with the parameters and texts of Kubernetes' API server: `?verbose` lists the checks,
 * `?exclude=` leaves one out, and a path below, such as /readyz/journal, asks for one alone. Anybody may ask.
 */
export function addHealth(app: HttpApp, { server }: HttpContext): void {
  for (const [name, checks] of Object.entries({ livez: LIVEZ, readyz: READYZ })) {
    app.get(`/${name}`, (c) => {
      const failures = failuresOf(server, checks);
      const excluded = new Set(c.req.queries('exclude') ?? []);
      const passed = [...failures.keys()].every((check) => excluded.has(check));
      if (passed && c.req.query('verbose') === undefined) return c.text('ok');
      const lines = Object.keys(checks).map((check) => {
        const failure = failures.get(check);
        if (excluded.delete(check)) return `[+]${check} excluded: ok`;
        return failure === undefined ? `[+]${check} ok` : `[-]${check} failed: ${failure}`;
      });
      if (excluded.size > 0) lines.push('warn: some health checks cannot be excluded: there are no such checks');
      lines.push(`${name} check ${passed ? 'passed' : 'failed'}`);
      return c.text(`${lines.join('\n')}\n`, passed ? 200 : 503);
    });
    for (const [check, run] of Object.entries(checks)) {
      app.get(`/${name}/${check}`, (c: Context<HttpEnv>) => {
        const failure = run(server);
        return failure === undefined ? c.text('ok') : c.text(`${failure}\n`, 503);
      });
    }
  }
}
