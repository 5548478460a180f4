/** Formats an address and a port as Redis and URLs do: `127.0.0.1:6379`, `[::1]:6379`. */
export function endpoint(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Returns an address at which this machine reaches a server that listens on the given one, which may mean "all". */
export function reachable(address: string): string {
  if (address === '0.0.0.0') return '127.0.0.1';
  return address === '::' ? '::1' : address;
}
