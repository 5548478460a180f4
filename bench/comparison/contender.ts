import type { Address } from '../load/client.js';
import { type ServerProcess, startRedis, startRespite } from '../processes.js';
import type { DialectName } from '../sessions/dialect.js';
import { Control } from './control.js';
import { RUNTIME_PROBE, type RuntimeFindings, watchRuntime } from './runtime-findings.js';

/** A server that is compared. */
export interface Contender {
  readonly name: string;
  readonly dialect: DialectName;
  /** Whether it can be started with a journal. */
  readonly keepsJournal: boolean;
  /** Resolves to the server: empty, or with what its journal has. */
  start(options?: StartOptions): Promise<RunningServer>;
}

export interface StartOptions {
  /** Whether its runtime is to be watched. */
  readonly watched?: boolean;
  readonly journal?: JournalSetting | undefined;
}

/** Where a server keeps a journal, and when that is made to survive a power failure. */
export interface JournalSetting {
  readonly directory: string;
  readonly policy: 'everysec' | 'always';
}

/** A server at work. */
export interface RunningServer {
  readonly name: string;
  readonly dialect: DialectName;
  readonly address: Address;
  readonly control: Control;
  /** Processor time it has used so far, in s; undefined if its process is not known. */
  cpuSeconds(): number | undefined;
  /** Its RSS in bytes; undefined if its process is not known. */
  residentBytes(): number | undefined;
  /** Of one that was started watched: begins to watch its runtime; what it returns ends that. */
  readonly watch?: () => () => Promise<RuntimeFindings>;
  stop(): Promise<void>;
}

/** The name by which findings know what all ratios are to. */
export const BASE = 'Redis';
/** The name of what is to be judged. */
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

/** Both understand the same options. */
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
