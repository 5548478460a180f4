import { setMaxListeners } from 'node:events';
import type { SessionEngine } from '../engine/index.js';
import type { ServerControl } from '../execution/context/server-control.js';
import type { HttpContext } from '../http/http-context.js';
import type { Access } from './access.js';
import type { Clients } from './clients.js';
import type { Faults } from './faults.js';
import type { Incidents } from './incidents.js';
import { reportProtectedMode } from './protected-mode.js';

/** The parts of a server that HTTP requests reach. */
interface HttpContextParts {
  readonly engine: SessionEngine;
  readonly control: ServerControl;
  readonly access: Access;
  readonly clients: Clients;
  readonly faults: Faults;
  readonly incidents: Incidents;
  /** Aborted when connections are closed. */
  readonly closing: AbortSignal;
}

/** Makes what HTTP requests see of a server out of its parts. */
export function httpContext(parts: HttpContextParts): HttpContext {
  const { engine, control, access, clients, faults, incidents, closing } = parts;
  // Each request may wait for it.
  setMaxListeners(0, closing);
  return {
    engine,
    server: control,
    get userWithoutPassword() {
      return access.userWithoutPassword;
    },
    get isProtected() {
      return access.isProtected;
    },
    reportProtectedMode: (from) => reportProtectedMode(incidents, 'an HTTP request', from),
    closing,
    onUsersChanged: (listener) => access.onUsersChanged(() => faults.contain(listener)),
    authenticate: (from, name, password) => access.authenticate(from, name, password),
    connect: (user, from) => clients.connect(user, from),
  };
}
