import { execFileSync } from 'node:child_process';

/** Builds the program, so that no end-to-end test runs an old build. `IS_BUILT` says that it has just been built. */
export default function build(): void {
  if (process.env.IS_BUILT === undefined) execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
}
