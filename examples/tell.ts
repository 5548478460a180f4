import { existsSync, realpathSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { Redis } from 'ioredis';

export type Say = (line: string) => void;
export type Story = (redis: Redis, say: Say) => Promise<unknown>;

/**
 * Runs a story and prints it, if its file is the program that was started. Does nothing if a test imports the file.
 */
export async function tellIfStarted(file: string, story: Story): Promise<void> {
  if (!isStarted(file)) return;
  // By default ioredis would try to connect forever, without printing anything.
  const redis = new Redis({
    host: '127.0.0.1',
    port: Number(process.env.RESPITE_PORT ?? 6379),
    retryStrategy: null,
  });
  redis.on('error', (error) => console.error(error.message));
  try {
    await story(redis, console.log);
  } catch (error) {
    // Only the message: an ioredis error also contains the command's arguments, and so the token.
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  } finally {
    redis.disconnect();
  }
}

/** Whether a file is the program that was started. */
export function isStarted(file: string): boolean {
  const started = process.argv[1];
  // The real path, because symbolic links are resolved in import.meta.url but not in argv.
  return Boolean(started) && existsSync(started) && pathToFileURL(realpathSync(started)).href === file;
}
