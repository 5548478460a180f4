import type { Request } from '../../resp/request.js';
import type { Client } from './client.js';

/** The clients that are sent every command: MONITOR. */
export interface Monitors {
  readonly size: number;
  add(client: Client): void;
  /** @param byScript Whether a script of the client has called the command. */
  feed(client: Client, request: Request, byScript?: boolean): void;
}
