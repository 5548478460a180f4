import type { MemoryAccount } from '../../execution/context/memory-account.js';

/** Below this many bytes there is nothing to say. */
const LITTLE = 64 * 1024 * 1024;

/** What MEMORY DOCTOR looks at, in bytes. */
export interface MemoryFigures extends Pick<MemoryAccount, 'used' | 'peak' | 'clients' | 'sessions'> {
  readonly rss: number;
  /** 0 if there is no limit. */
  readonly maxmemory: number;
}

interface Finding {
  readonly applies: (figures: MemoryFigures) => boolean;
  readonly advice: string;
}

const FINDINGS: readonly Finding[] = [
  {
    applies: ({ used, maxmemory, clients }) => maxmemory > 0 && used - clients > 0.9 * maxmemory,
    advice:
      'More than nine tenths of maxmemory are used. Raise maxmemory, give sessions shorter durations, or choose a maxmemory-policy that makes room.',
  },
  {
    applies: ({ used, peak }) => peak > 1.5 * used,
    advice: 'The peak was much higher than what is used now. INFO memory shows both.',
  },
  {
    applies: ({ used, rss }) => rss > 1.5 * used,
    advice:
      'The process takes much more than what is used. After many sessions have ended, it is given back within seconds. If it stays, restart the server at a quiet time.',
  },
  {
    applies: ({ clients, sessions }) => clients > sessions,
    advice:
      'Clients take more than sessions. CLIENT LIST shows which ones (tot-mem). Lower maxmemory-clients or client-output-buffer-limit.',
  },
];

/** Returns what MEMORY DOCTOR says. */
export function memoryReport(figures: MemoryFigures): string {
  if (figures.used < LITTLE) return 'The server uses little memory, so there is nothing to say about it.\n';
  const found = FINDINGS.filter(({ applies }) => applies(figures)).map(({ advice }) => `${advice}\n`);
  return found.length === 0 ? 'There is nothing unusual about the memory.\n' : found.join('\n');
}
