import type { Durability } from '../durability/durability.js';
import { LOADING } from '../errors.js';
import type { Gate } from '../execution/context/gate.js';

/** Keeps commands out while the journal is being read and, if they change sessions, while it cannot be written. */
export function journalGate(durability: Durability): Gate {
  return {
    refusalOf({ writes, whileLoading }) {
      if (durability.progress !== undefined && !whileLoading) return LOADING;
      return writes ? durability.refusal : undefined;
    },
  };
}

/** Keeps out commands for sessions in memory, because a store has the sessions. */
export const STORE_GATE: Gate = { refusalOf: ({ onlyInMemory }) => onlyInMemory };
