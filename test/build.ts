import { execFileSync } from 'node:child_process';

/** Builds the program, so that no end-to-end test runs an old build. */
export default function build(): void {
  execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
}
