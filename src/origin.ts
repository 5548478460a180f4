import { isIPv4, isIPv6 } from 'node:net';

const THIS_MACHINE = 'this machine';
const UNIX_SOCKET = 'the unix socket';
/** Groups of 16 bits in an IPv6 address, and in the part of it that its owner cannot choose. */
const GROUPS = 8;
const NETWORK_GROUPS = 4;

/**
 * Returns where a client comes from, without what it can choose: an IPv4 address, the /64 network of an IPv6 address
 * (anyone with one address in it has them all), this machine, or the unix socket.
 * @param address The socket's remote address; undefined if it is already closed.
 * @param onUnixSocket Whether the client uses the unix socket and so has no address.
 */
export function originOf(address: string | undefined, onUnixSocket: boolean): string {
  if (onUnixSocket) return UNIX_SOCKET;
  if (address === undefined) return 'nowhere';
  if (isLoopback(address)) return THIS_MACHINE;
  const numeric = address.replace(/^::ffff:(?=\d+\.)/i, '');
  return isIPv4(numeric) ? numeric : networkOf(address);
}

/** Whether an address, numeric or `localhost`, is the machine itself. */
export function isLoopback(address: string): boolean {
  const numeric = address.replace(/^::ffff:/i, '');
  if (isIPv4(numeric)) return numeric.startsWith('127.');
  return address === 'localhost' || (isIPv6(address) && address === '::1');
}

/** Whether the client is on this machine. */
export function isLocal(origin: string): boolean {
  return origin === THIS_MACHINE || origin === UNIX_SOCKET;
}

/** Returns the /64 network of an IPv6 address, such as `2001:db8:0:7::/64`. */
function networkOf(address: string): string {
  const [head, tail] = address.replace(/%.*$/, '').split('::');
  const groupsOf = (part = '') => part.split(':').filter((group) => group !== '');
  const [before, after] = [groupsOf(head), groupsOf(tail)];
  const zeros = Array<string>(Math.max(0, GROUPS - before.length - after.length)).fill('0');
  const network = [...before, ...zeros, ...after].slice(0, NETWORK_GROUPS);
  return `${network.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}
