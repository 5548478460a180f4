import type { Progress } from './progress.js';

/** One step of a run. */
export interface Job {
  readonly title: string;
  /** The expected time in seconds. */
  readonly seconds: number;
  run(): Promise<void>;
}

/** A part of a run: jobs to be run in order, and their findings afterwards. */
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
