import type { Progress } from './progress.js';

/** One piece of a run. */
export interface Job {
  readonly title: string;
  /** How long it will take, about, in seconds. */
  readonly seconds: number;
  run(): Promise<void>;
}

/** A part of a run: what is to be done, in order, and then what it found. */
export interface Part<Findings> {
  readonly jobs: readonly Job[];
  findings(): Findings;
}

export async function runJobs(jobs: readonly Job[], progress: Progress): Promise<void> {
  for (const job of jobs) {
    progress.begin(job);
    await job.run();
    progress.end(job);
  }
}
