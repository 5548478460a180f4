import { execFileSync } from 'node:child_process';

/** Builds what the end-to-end tests start, so that no test ever runs against an older build. */
export default function build(): void {
  execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
}
