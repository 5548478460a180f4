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

/** The servers in which a site can keep its sessions. The site only knows the port. */
export const SERVERS: readonly ServerKind[] = [
  { server: 'respite', there: true, start: () => Program.start() },
  { server: 'redis-server', there: RedisServer.there, start: () => RedisServer.startRedis() },
];
