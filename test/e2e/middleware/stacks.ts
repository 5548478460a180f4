import { startExpress } from './express-site.js';
import { startFastify } from './fastify-site.js';
import type { StartSite } from './site.js';
import { STORES } from './stores.js';

const FRAMEWORKS: readonly { framework: string; startSite: StartSite }[] = [
  { framework: 'express-session', startSite: startExpress },
  { framework: '@fastify/session', startSite: startFastify },
];

/** Every framework with every client. */
export const STACKS = FRAMEWORKS.flatMap((framework) => STORES.map((store) => ({ ...framework, ...store })));
