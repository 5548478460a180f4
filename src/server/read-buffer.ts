import { once } from 'node:events';
import { type AddressInfo, connect, createServer, Socket } from 'node:net';

/**
 * Reads all sockets into one buffer. Node.js allocates 64 KB for each read of an accepted socket and then shrinks it to
 * what came, which costs more than serving a request. Only a socket that is made with the option `onread` reads into a
 * given buffer, so an accepted connection is moved to such a socket. That needs the option `handle`, which Node's
 * documentation does not mention, so `canUseOneReadBuffer` first tries whether it works.
 */

/** As many bytes as Node.js reads at once. */
const BYTES = 64 * 1024;
const BUFFER = Buffer.allocUnsafeSlow(BYTES);
/** The longest that the trial may take, in ms. It takes 2 ms; the limit only keeps a start from hanging. */
const PATIENCE_MS = 10_000;

/** @param length How many bytes came. They are valid only during the call: the buffer is used for the next read. */
type Receive = (bytes: Buffer, length: number) => void;

interface WithHandle {
  _handle: object | null;
}

class BufferedSocket extends Socket {
  readonly reader: { receive: Receive };

  constructor(handle: object) {
    const reader = { receive: () => {} } as { receive: Receive };
    const callback = (length: number) => {
      reader.receive(BUFFER, length);
      return true;
    };
    const options = { handle, allowHalfOpen: true, onread: { buffer: BUFFER, callback } };
    super(options as ConstructorParameters<typeof Socket>[0]);
    this.reader = reader;
  }
}

/**
 * Moves an accepted connection to a socket that reads into the buffer.
 * @param accepted Must be paused, of a server that allows half-open connections.
 */
export function bufferedSocket(accepted: Socket): Socket {
  const { _handle: handle } = accepted as unknown as WithHandle;
  // The client may have left already.
  if (handle === null) return accepted.resume();
  (accepted as unknown as WithHandle)._handle = null;
  const socket = new BufferedSocket(handle);
  // The listener counts the socket that it has accepted, and closes after it.
  socket.once('close', () => accepted.destroy());
  return socket;
}

/** Calls back with all bytes that a socket receives from now on. */
export function onBytes(socket: Socket, receive: Receive): void {
  if (socket instanceof BufferedSocket) socket.reader.receive = receive;
  else socket.on('data', (chunk: Buffer) => receive(chunk, chunk.length));
}

let trial: Promise<boolean> | undefined;

/** Returns whether `bufferedSocket` works with this version of Node.js. Finds out once. */
export function canUseOneReadBuffer(): Promise<boolean> {
  trial ??= tryBufferedSocket(PATIENCE_MS);
  return trial;
}

/**
 * Sends a byte through a buffered socket and back, and ends both sides. Returns whether both arrived.
 * @param patience How long that may take, in ms.
 */
export async function tryBufferedSocket(patience: number): Promise<boolean> {
  const signal = AbortSignal.timeout(patience);
  const listener = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  const sockets: Socket[] = [];
  try {
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening', { signal });
    const client = connect((listener.address() as AddressInfo).port, '127.0.0.1');
    sockets.push(client);
    const [accepted] = (await once(listener, 'connection', { signal })) as [Socket];
    const socket = bufferedSocket(accepted);
    sockets.push(accepted, socket);
    let question = '';
    onBytes(socket, (bytes, length) => {
      question += bytes.toString('latin1', 0, length);
    });
    socket.once('end', () => socket.end('2'));
    client.end('1');
    const [answer] = (await once(client, 'data', { signal })) as [Buffer];
    return question === '1' && answer.toString() === '2';
  } catch {
    return false;
  } finally {
    for (const socket of sockets) socket.destroy();
    listener.close();
  }
}
