import { register } from 'node:module';

// Preloaded into the program: sends it the signals in SIGNALS when Node.js begins to load commander, long before the
// program is ready.
const hooks = `export async function load(url, context, next) {
  if (url.includes('/commander/esm.mjs')) for (const signal of process.env.SIGNALS.split(',')) process.kill(process.pid, signal);
  return next(url, context);
}`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
