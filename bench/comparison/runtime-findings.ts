import type { ServerProcess } from '../processes.js';

/** What `runtime-probe.mjs` recorded in the server's process. Times are in ms. */
export interface RuntimeFindings {
  readonly collections: readonly Collection[];
  /** How late the event loop ran a timer. */
  readonly loopDelay: { readonly p50: number; readonly p99: number; readonly p999: number; readonly max: number };
}

/** One garbage collection, or one step of one. */
export interface Collection {
  /** Since the start of the recording. */
  readonly at: number;
  readonly duration: number;
  /** One of the numbers in `perf_hooks.constants`. */
  readonly kind: number;
}

/** The preload, in the folder of `processes.ts`. */
export const RUNTIME_PROBE = './runtime-probe.mjs';

/** Starts a recording. Returns a function that ends it and resolves to the findings. */
export function watchRuntime(server: ServerProcess): () => Promise<RuntimeFindings> {
  server.send('begin');
  return () => {
    const findings = server.message();
    server.send('end');
    return findings as Promise<RuntimeFindings>;
  };
}
