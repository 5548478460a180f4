import { Program } from '../../tools/program.js';
import { RedisServer } from '../../tools/redis-server.js';

interface Server {
  readonly port: number;
  stop(): Promise<void>;
}

interface ServerKind {
  readonly server: string;
  readonly there: boolean;
  start(): Promise<Server>;
}

/** What a site may keep its sessions in. It is told a port, and nothing else. */
export const SERVERS: readonly ServerKind[] = [
  { server: 'respite', there: true, start: () => Program.start() },
  { server: 'redis-server', there: RedisServer.there, start: () => RedisServer.start() },
];
