import type { Address } from '../load/client.js';
import { type ServerProcess, startRedis, startRespite } from '../processes.js';
import type { DialectName } from '../sessions/dialect.js';
import { Control } from './control.js';
import { RUNTIME_PROBE, type RuntimeFindings, watchRuntime } from './runtime-findings.js';

/** A server to compare. */
export interface Contender {
  readonly name: string;
  readonly dialect: DialectName;
  /** Whether it can be started with a journal. */
  readonly keepsJournal: boolean;
  /** Starts the server, empty or with the contents of its journal. */
  start(options?: StartOptions): Promise<RunningServer>;
}

export interface StartOptions {
  /** Whether to watch the server's runtime. */
  readonly watched?: boolean;
  readonly journal?: JournalSetting | undefined;
}

/** Where a server keeps its journal, and when the journal is made durable. */
export interface JournalSetting {
  readonly directory: string;
  readonly policy: 'everysec' | 'always';
}

/** A running server. */
export interface RunningServer {
  readonly name: string;
  readonly dialect: DialectName;
  readonly address: Address;
  readonly control: Control;
  /** Processor time used so far, in s; undefined if the process is not known. */
  cpuSeconds(): number | undefined;
  /** RSS in bytes; undefined if the process is not known. */
  residentBytes(): number | undefined;
  /**
   * Present if the server was started with `watched`. Starts to watch its runtime, and returns a function that stops
   * and returns the findings.
   */
  readonly watch?: () => () => Promise<RuntimeFindings>;
  stop(): Promise<void>;
}

/** The name of the server whose figures are the base of all ratios. */
export const BASE = 'Redis';
/** The name of the server to which the goals apply. */
export const SUBJECT = 'respite';

export const respite: Contender = {
  name: SUBJECT,
  dialect: 'respite',
  keepsJournal: true,
  async start({ watched, journal } = {}) {
    const process = await startRespite(watched ? RUNTIME_PROBE : undefined, journalArguments(journal));
    const server = running(process, 'respite');
    return watched ? { ...server, watch: () => watchRuntime(process) } : server;
  },
};

export const redis: Contender = {
  name: BASE,
  dialect: 'redis',
  keepsJournal: true,
  start: async ({ journal } = {}) => running(await startRedis(journalArguments(journal)), 'redis'),
};

/** Both servers have the same options. */
function journalArguments(journal: JournalSetting | undefined): string[] {
  if (journal === undefined) return [];
  return ['--appendonly', 'yes', '--appendfsync', journal.policy, '--dir', journal.directory];
}

function running(process: ServerProcess, dialect: DialectName): RunningServer {
  const address = { host: '127.0.0.1', port: process.port };
  const control = new Control(address);
  return {
    name: process.name,
    dialect,
    address,
    control,
    cpuSeconds: () => process.cpuSeconds(),
    residentBytes: () => process.residentBytes(),
    async stop() {
      control.close();
      await process.stop();
    },
  };
}
