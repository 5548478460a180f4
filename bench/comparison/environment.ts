import { spawnSync } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';
import { version } from '../../src/version.js';
import { requireProgram } from '../processes.js';

/**
 * Where, when and with which versions a run was made. Without this information, its figures cannot be compared with
 * others.
 */
export interface Environment {
  readonly date: string;
  readonly processor: string;
  readonly cores: number;
  /** In GB. */
  readonly memory: number;
  readonly kernel: string;
  readonly node: string;
  readonly redis: string;
  readonly respite: string;
  /** The commit of respite, followed by `+` if files have changed since; null if not known. */
  readonly commit: string | null;
  readonly peers: readonly string[];
}

/** @throws Error if redis-server is not installed. */
export function readEnvironment(peers: readonly string[]): Environment {
  const [, redis = 'unknown'] = /v=(\S+)/.exec(requireProgram('redis-server', 'redis-server')) ?? [];
  const processors = cpus();
  return {
    date: new Date().toISOString(),
    processor: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memory: Math.round(totalmem() / 1e9),
    kernel: release(),
    node: process.versions.node,
    redis,
    respite: version,
    commit: readCommit(),
    peers,
  };
}

export function formatEnvironment({
  date,
  processor,
  cores,
  memory,
  node,
  redis,
  respite,
  commit,
}: Environment): string {
  const versions = `respite ${respite}${commit === null ? '' : ` (${commit})`}, Redis ${redis}, Node.js ${node}`;
  return `${versions}; ${processor}, ${cores} cores, ${memory} GB; ${date.slice(0, 10)}`;
}

function readCommit(): string | null {
  const { status, stdout } = spawnSync('git', ['describe', '--always', '--dirty=+', '--exclude=*'], {
    encoding: 'utf8',
  });
  return status === 0 ? stdout.trim() : null;
}
