import { checkBytes, hasMethods, kindOf } from '../argument-checks.js';
import { failureOf } from './request-error.js';

/** A name, a key or a value. Strings are sent as UTF-8. */
export type Bytes = string | Buffer;

/** The part of an ioredis 5 or 6 connection that is used here. */
export interface IoredisConnection {
  call(command: string, args: Bytes[]): Promise<unknown>;
  pipeline(): {
    callBuffer(command: string, args: Bytes[]): unknown;
    exec(): Promise<[error: Error | null, reply: unknown][] | null>;
  };
}

/** The part of a node-redis (`redis`, `@redis/client`) 4 to 6 connection that is used here. */
export interface NodeRedisConnection {
  sendCommand(args: Bytes[], options?: object): Promise<unknown>;
}

/**
 * The user's connection from either library: anything that can send an arbitrary command. It may use RESP2 or RESP3,
 * and any options that change the form of replies.
 */
export type RedisConnection = IoredisConnection | NodeRedisConnection;

/** A command with its arguments. */
export type Request = readonly [command: string, ...args: Bytes[]];

/**
 * Makes node-redis 5 and 6 return text, and maps as Maps, whatever the client's own options are. `typeMapping` has
 * RESP's type bytes as keys. Maps stay Maps, because an object would lose a key named `__proto__`.
 */
const AS_TEXT = { typeMapping: { ['%'.charCodeAt(0)]: Map } };

/** Makes node-redis return strings as Buffers. Version 4 has a flag for that. */
const AS_BYTES = { typeMapping: { ['$'.charCodeAt(0)]: Buffer }, returnBuffers: true };

/** @throws TypeError if the connection cannot send a command. */
export function checkConnection(connection: unknown): void {
  if (hasMethods(connection, 'call', 'pipeline') || hasMethods(connection, 'sendCommand')) return;
  throw new TypeError(
    `the connection must be a client of ioredis or node-redis, as in new Sessions(redis), not ${kindOf(connection)}`,
  );
}

/**
 * Sends a command. It has been written to the connection when the call returns.
 * @throws RequestError if the command fails, TypeError if an argument is neither a string nor a Buffer.
 */
export async function request(connection: RedisConnection, ...[command, ...args]: Request): Promise<unknown> {
  checkArguments(command, args);
  try {
    // ioredis has a sendCommand too, but with different arguments.
    return 'call' in connection
      ? await connection.call(command, args)
      : await connection.sendCommand([command, ...args], AS_TEXT);
  } catch (error) {
    throw failureOf(error);
  }
}

/** Like `request`, but strings in the reply are Buffers. */
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

/** With enableAutoPipelining, calling callBuffer on the ioredis client itself ends the process. */
async function throughPipeline(connection: IoredisConnection, command: string, args: Bytes[]): Promise<unknown> {
  const pipeline = connection.pipeline();
  pipeline.callBuffer(command, args);
  const [error, reply] = (await pipeline.exec())?.[0] ?? [null, null];
  if (error !== null) throw error;
  return reply;
}
