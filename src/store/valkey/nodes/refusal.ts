import { CodedError, ERROR_CODES, type ErrorCode } from '../../../errors.js';

/**
 * What an error of a node means for a call.
 * - `later`: the node cannot run it for now. It has not run, and is sent again.
 * - `moved`: another node has the partition.
 * - `unknown function`: the node does not have the library.
 * - `answer`: it is the answer to the call.
 */
export type Refusal = 'later' | 'moved' | 'unknown function' | 'answer';

const BY_CODE: Readonly<Record<string, Refusal>> = {
  MOVED: 'moved',
  // The partition's slot is moving. Until it has moved, its keys are on two nodes, but a function needs all of them.
  // The base key does not exist, so the node that the slot is leaving answers with ASK from the beginning to the end.
  ASK: 'later',
  CLUSTERDOWN: 'later',
  LOADING: 'later',
  MASTERDOWN: 'later',
  // The node is no longer a primary.
  READONLY: 'later',
  // The node is configured to refuse writes while it has too few replicas.
  NOREPLICAS: 'later',
  BUSY: 'later',
};

export function refusalOf(error: string): Refusal {
  if (error.startsWith('ERR Function not found')) return 'unknown function';
  return BY_CODE[codeOf(error)] ?? 'answer';
}

/** The first word of an error. */
export function codeOf(error: string): string {
  return error.split(' ', 1)[0] ?? '';
}

/**
 * Returns the address at which, according to a node, a partition is.
 * @param error `MOVED 3999 127.0.0.1:6381`.
 * @param host The host of the node that answered.
 */
export function newAddress(error: string, host: string): { host: string; port: number } {
  const text = error.split(' ')[2] ?? '';
  const colon = text.lastIndexOf(':');
  return { host: text.slice(0, colon) || host, port: Number(text.slice(colon + 1)) };
}

/** Codes with which a node may refuse this process. They are not about the client, and would mislead it. */
const ABOUT_THIS_PROCESS = new Set(['NOAUTH', 'NOPERM', 'NOPROTO', 'WRONGPASS']);

/** Returns an error of a function for the client that made the request. */
export function answeredError(error: string): CodedError {
  const code = codeOf(error);
  const isKnown = (ERROR_CODES as readonly string[]).includes(code) && !ABOUT_THIS_PROCESS.has(code);
  if (isKnown) return new CodedError(code as ErrorCode, error.slice(code.length + 1));
  return new CodedError('ERR', `the store refused the operation: ${error}`);
}
