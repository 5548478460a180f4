import { monitorEventLoopDelay, PerformanceObserver, performance } from 'node:perf_hooks';

/**
 * Preloaded into respite (`node --import`), whose source knows nothing of it: between two messages of the parent process
 * it takes down garbage collections and how long the event loop kept its timers waiting.
 */

/** How often the event loop's delay is sampled, in ms: what is measured is the time from one sample to the next. */
const RESOLUTION = 1;

/** Garbage collections since the window began. @type {PerformanceEntry[]} */
const collections = [];
const observer = new PerformanceObserver((list) => collections.push(...list.getEntries()));
observer.observe({ entryTypes: ['gc'] });
const delay = monitorEventLoopDelay({ resolution: RESOLUTION });
let begin = 0;

process.on('message', (message) => {
  if (message === 'begin') {
    begin = performance.now();
    collections.length = 0;
    delay.reset();
    delay.enable();
  } else {
    delay.disable();
    // Entries reach the observer in an immediate.
    setImmediate(() => setImmediate(report));
  }
});
// The channel must not keep the server alive, nor may the parent's end be the server's error.
process.channel?.unref();

function report() {
  const ms = (/** @type {number} */ nanoseconds) => Math.max(0, nanoseconds / 1e6 - RESOLUTION);
  process.send?.({
    collections: collections
      .filter(({ startTime }) => startTime >= begin)
      .map(({ startTime, duration, detail }) => ({ at: startTime - begin, duration, kind: detail.kind })),
    loopDelay: {
      p50: ms(delay.percentile(50)),
      p99: ms(delay.percentile(99)),
      p999: ms(delay.percentile(99.9)),
      max: ms(delay.max),
    },
  });
}
