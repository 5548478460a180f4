import type { Client } from '../../execution/context/client.js';
import { memoryOf } from '../../execution/context/client-memory.js';
import { redactedText } from '../../execution/observing/redaction.js';
import { redirectOf } from './client-tracking.js';

export type ClientType = 'normal' | 'pubsub';

/** Returns the type of a client as in Redis: `pubsub` if it has subscriptions. */
export function typeOf({ subscriptions }: Client): ClientType {
  return subscriptions > 0 ? 'pubsub' : 'normal';
}

/**
 * Returns the line for a client in CLIENT INFO and CLIENT LIST: the same fields as in Redis, but without tokens.
 * @param now The server's clock, in ms.
 */
export function clientLine(client: Client, now: number): string {
  const { query, queryFree, args, transaction, reply, output } = client.memory();
  const fields: Record<string, string | number> = {
    id: client.id,
    addr: client.address,
    laddr: client.localAddress,
    fd: -1,
    name: redactedText(client.name),
    age: Math.floor((now - client.connectedAt) / 1000),
    idle: Math.floor((now - client.activeAt) / 1000),
    flags: flagsOf(client),
    db: client.database,
    sub: client.channels.size,
    psub: client.patterns.size,
    ssub: client.shardChannels.size,
    multi: client.transaction.length,
    qbuf: query,
    'qbuf-free': queryFree,
    'argv-mem': args,
    'multi-mem': transaction,
    rbs: reply,
    rbp: reply,
    obl: 0,
    oll: output > 0 ? 1 : 0,
    omem: output,
    'tot-mem': memoryOf(client),
    events: 'r',
    cmd: client.lastCommand === '' ? 'NULL' : client.lastCommand,
    user: client.user?.name ?? 'default',
    redir: redirectOf(client),
    resp: client.protocol,
    'lib-name': redactedText(client.libraryName),
    'lib-ver': redactedText(client.libraryVersion),
  };
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

function flagsOf(client: Client): string {
  const flags = [
    client.monitoring ? 'O' : '',
    typeOf(client) === 'pubsub' ? 'P' : '',
    client.transaction.open ? 'x' : '',
    client.blocked === undefined ? '' : 'b',
    client.tracking === undefined ? '' : 't',
    client.tracking?.isBroken ? 'R' : '',
    client.tracking?.mode === 'bcast' ? 'B' : '',
    client.onUnixSocket ? 'U' : '',
    client.noEvict ? 'e' : '',
    client.noTouch ? 'T' : '',
  ].join('');
  return flags === '' ? 'N' : flags;
}
