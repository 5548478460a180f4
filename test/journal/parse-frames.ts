import RedisParser from 'redis-parser';

/** Returns the arrays of bulk strings in some bytes, as redis-parser reads them. */
export function parseFrames(bytes: Buffer): Buffer[][] {
  const frames: Buffer[][] = [];
  const parser = new RedisParser({
    returnBuffers: true,
    returnReply: (reply: Buffer[]) => frames.push(reply),
    returnError: (error: Error) => {
      throw error;
    },
  });
  parser.execute(bytes);
  return frames;
}
