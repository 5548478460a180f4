import { getSystemErrorMap } from 'node:util';

/** Returns why a system call failed, as one line without the path: `ENOENT: no such file or directory`. */
export function reasonOf(error: unknown): string {
  const { code, errno, message } = error as NodeJS.ErrnoException;
  if (code === undefined) return String(message).split('\n', 1)[0];
  const description = errno === undefined ? undefined : getSystemErrorMap().get(errno)?.[1];
  return description === undefined ? code : `${code}: ${description}`;
}
