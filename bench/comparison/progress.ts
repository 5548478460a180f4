import { SingleBar } from 'cli-progress';
import type { Job } from './job.js';

/** Shows the progress of a run on stderr. */
export interface Progress {
  begin(job: Job): void;
  end(job: Job): void;
  /** Call this at the end. Later output starts on a new line. */
  close(): void;
}

/** Shows a bar on a terminal, and otherwise (in a CI log, for example) a line per job. */
export function showProgress(jobs: readonly Job[]): Progress {
  return process.stderr.isTTY ? bar(jobs) : lines(jobs);
}

function bar(jobs: readonly Job[]): Progress {
  const total = jobs.reduce((sum, { seconds }) => sum + seconds, 0);
  const single = new SingleBar({ format: '{bar} {percentage}% | {left} left | {title}', stream: process.stderr });
  let done = 0;
  const started = performance.now();
  /** The remaining time by the jobs' estimates, corrected by how long the finished jobs took. */
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
