import { monitorEventLoopDelay, PerformanceObserver, performance } from 'node:perf_hooks';

/**
 * A preload for respite (`node --import`). respite's source does not refer to it. Between two messages of the parent
 * process it records garbage collections and how late the event loop runs timers.
 */

/** How often the event loop's delay is sampled, in ms. What is measured is the time from one sample to the next. */
const RESOLUTION = 1;

/** Garbage collections since the recording began. @type {PerformanceEntry[]} */
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
// The channel must not keep the server alive. If the parent ends, that is not an error of the server.
process.channel?.unref();

function report() {
  process.send?.({
    collections: collections.filter(({ startTime }) => startTime >= begin).map(({ duration }) => duration),
    loopDelay: Math.max(0, delay.max / 1e6 - RESOLUTION),
  });
}
