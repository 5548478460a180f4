/** Lets the event loop run a few times, so that everything that does not have to wait has happened. */
export async function turnEventLoop(times = 20): Promise<void> {
  for (let i = 0; i < times; i++) await new Promise(setImmediate);
}
