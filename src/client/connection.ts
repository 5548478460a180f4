import { checkBytes, hasMethods, kindOf } from './argument-checks.js';
import { failureOf } from './request-error.js';

/** What a name, a key or a value may be. Strings are sent as UTF-8. */
export type Bytes = string | Buffer;

/** What is used of a connection of ioredis 5 or 6. */
export interface IoredisConnection {
  call(command: string, args: Bytes[]): Promise<unknown>;
  pipeline(): {
    callBuffer(command: string, args: Bytes[]): unknown;
    exec(): Promise<[error: Error | null, reply: unknown][] | null>;
  };
}

/** What is used of a connection of node-redis (`redis`, `@redis/client`) 4 to 6. */
export interface NodeRedisConnection {
  sendCommand(args: Bytes[], options?: object): Promise<unknown>;
}

/**
 * A connection that the user has, of either library: anything that can send a command of one's choice. Over RESP2 or
 * RESP3, whatever its options make of replies.
 */
export type RedisConnection = IoredisConnection | NodeRedisConnection;

/** A command with its arguments. */
export type Request = readonly [command: string, ...args: Bytes[]];

/**
 * Replies of node-redis 5 and 6, by RESP's type bytes, whatever the client's own options are: text, and maps as Maps,
 * since the objects that they would be lose a key of the name `__proto__`.
 */
const AS_TEXT = { typeMapping: { ['%'.charCodeAt(0)]: Map } };

/** Strings as bytes; node-redis 4 has a flag for it. */
const AS_BYTES = { typeMapping: { ['$'.charCodeAt(0)]: Buffer }, returnBuffers: true };

/** @throws TypeError unless it can send a command. */
export function checkConnection(connection: unknown): void {
  if (hasMethods(connection, 'call', 'pipeline') || hasMethods(connection, 'sendCommand')) return;
  throw new TypeError(
    `the connection must be a client of ioredis or node-redis, as in new Sessions(redis), not ${kindOf(connection)}`,
  );
}

/**
 * Sends a command. It is on its way when the call returns.
 * @throws RequestError if it fails, TypeError if an argument is neither a string nor a Buffer.
 */
export async function request(connection: RedisConnection, ...[command, ...args]: Request): Promise<unknown> {
  checkArguments(command, args);
  try {
    // ioredis has a sendCommand too, which takes something else.
    return 'call' in connection
      ? await connection.call(command, args)
      : await connection.sendCommand([command, ...args], AS_TEXT);
  } catch (error) {
    throw failureOf(error);
  }
}

/** As `request`; what would be a string in the reply is a Buffer. */
export async function requestBytes(connection: RedisConnection, ...[command, ...args]: Request): Promise<unknown> {
  checkArguments(command, args);
  try {
    return 'call' in connection
      ? await throughPipeline(connection, command, args)
      : await connection.sendCommand([command, ...args], AS_BYTES);
  } catch (error) {
    throw failureOf(error);
  }
}

function checkArguments(command: string, args: readonly unknown[]): void {
  for (const argument of args) checkBytes(`each argument of ${command}`, argument);
}

/** A client that pipelines by itself (enableAutoPipelining) ends the process when its own callBuffer is called. */
async function throughPipeline(connection: IoredisConnection, command: string, args: Bytes[]): Promise<unknown> {
  const pipeline = connection.pipeline();
  pipeline.callBuffer(command, args);
  const [[error, reply]] = (await pipeline.exec()) ?? [[null, null]];
  if (error !== null) throw error;
  return reply;
}
