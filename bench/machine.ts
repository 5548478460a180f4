import { cpus, release, totalmem } from 'node:os';

/** Where and when figures were taken. Without that, they cannot be compared with others. */
export interface Machine {
  readonly date: string;
  readonly processor: string;
  readonly cores: number;
  /** In GB. */
  readonly memory: number;
  readonly kernel: string;
}

export function readMachine(): Machine {
  const processors = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    processor: processors[0]?.model.trim() ?? 'unknown processor',
    cores: processors.length,
    memory: Math.round(totalmem() / 1e9),
    kernel: release(),
  };
}

export function describeMachine({ processor, cores, memory, kernel, date } = readMachine()): string {
  return `${processor}, ${cores} cores, ${memory} GB, Linux ${kernel}, ${date}`;
}
