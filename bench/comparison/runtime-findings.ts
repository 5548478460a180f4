import type { ServerProcess } from '../processes.js';

/** What `runtime-probe.mjs` saw in the server's process. Times in ms. */
export interface RuntimeFindings {
  readonly collections: readonly Collection[];
  /** How much later than asked for the event loop came round to a timer. */
  readonly loopDelay: { readonly p50: number; readonly p99: number; readonly p999: number; readonly max: number };
}

/** One garbage collection, or one step of one. */
export interface Collection {
  /** From the beginning of the window. */
  readonly at: number;
  readonly duration: number;
  /** A number of `perf_hooks.constants`. */
  readonly kind: number;
}

/** The preload, beside `processes.ts`. */
export const RUNTIME_PROBE = './runtime-probe.mjs';

/** Begins to watch; what it returns ends that, and resolves to what was seen. */
export function watchRuntime(server: ServerProcess): () => Promise<RuntimeFindings> {
  server.send('begin');
  return () => {
    const findings = server.message();
    server.send('end');
    return findings as Promise<RuntimeFindings>;
  };
}
