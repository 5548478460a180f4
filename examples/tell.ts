import { existsSync, realpathSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { Redis } from 'ioredis';

export type Say = (line: string) => void;
export type Story = (redis: Redis, say: Say) => Promise<unknown>;

/** Tells a story on the console if its file is the program that was started, not when a test imports it. */
export async function tellIfStarted(file: string, story: Story): Promise<void> {
  const started = process.argv[1];
  // The real path, because import.meta.url has the symbolic links resolved and argv has not.
  if (!started || !existsSync(started) || pathToFileURL(realpathSync(started)).href !== file) return;

  // By its own strategy ioredis would look for a server for ever and say nothing.
  const redis = new Redis({
    host: '127.0.0.1',
    port: Number(process.env.RESPITE_PORT ?? 6379),
    retryStrategy: null,
  });
  redis.on('error', (error) => console.error(error.message));
  try {
    await story(redis, console.log);
  } catch (error) {
    // The message alone: an error of ioredis also holds the command's arguments, and so the token.
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  } finally {
    redis.disconnect();
  }
}
