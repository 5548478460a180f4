import { SingleBar } from 'cli-progress';
import type { Job } from './job.js';

/** Tells how far a run has come, on stderr. */
export interface Progress {
  begin(job: Job): void;
  end(job: Job): void;
  /** Whatever comes next is printed below. */
  close(): void;
}

/** A bar on a terminal; elsewhere, in the log of a CI say, a line per job. */
export function showProgress(jobs: readonly Job[]): Progress {
  return process.stderr.isTTY ? bar(jobs) : lines(jobs);
}

function bar(jobs: readonly Job[]): Progress {
  const total = jobs.reduce((sum, { seconds }) => sum + seconds, 0);
  const single = new SingleBar({ format: '{bar} {percentage}% | {left} left | {title}', stream: process.stderr });
  let done = 0;
  const started = performance.now();
  /** The jobs' estimates, corrected by how those did that are done. */
  const left = () => {
    const pace = done === 0 ? 1 : (performance.now() - started) / 1000 / done;
    const seconds = Math.round((total - done) * pace);
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  };
  single.start(total, 0, { title: '', left: left() });
  return {
    begin: ({ title }) => single.update(done, { title, left: left() }),
    end({ seconds }) {
      done += seconds;
    },
    close() {
      single.update(total, { title: 'done', left: left() });
      single.stop();
    },
  };
}

function lines(jobs: readonly Job[]): Progress {
  let number = 0;
  return {
    begin: ({ title }) => process.stderr.write(`${++number} of ${jobs.length}: ${title}\n`),
    end() {},
    close() {},
  };
}
