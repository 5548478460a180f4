/** The key of a node from which the functions of `withNodeTime` take the time, in unix µs. */
export const NODE_TIME = 'test:time';

/** Returns a library whose functions take the time from a key of the node while it is there, so that tests can move it. */
export function withNodeTime(code: string): string {
  const given = code.replace(
    "local time = call('TIME')\n",
    `local given = call('GET', '${NODE_TIME}')\n  if given then now = tonumber(given) return end\n$&`,
  );
  if (given === code) throw new Error('the library takes the time in another way now');
  return given;
}
