import type { Contender, RunningServer } from './contender.js';

/** The servers of a part of the run, started together. */
export class Servers {
  #running: readonly RunningServer[] = [];

  readonly #contenders: readonly Contender[];

  constructor(contenders: readonly Contender[]) {
    this.#contenders = contenders;
  }

  async start(): Promise<void> {
    this.#running = await Promise.all(this.#contenders.map((contender) => contender.start()));
  }

  /** @throws Error if the servers have not been started. */
  get({ name }: Contender): RunningServer {
    const server = this.#running.find((running) => running.name === name);
    if (server === undefined) throw new Error(`${name} has not been started`);
    return server;
  }

  async removeAll(): Promise<void> {
    for (const { control } of this.#running) await control.removeAll();
  }

  async stop(): Promise<void> {
    for (const server of this.#running) await server.stop();
  }
}
