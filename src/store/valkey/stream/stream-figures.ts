import { STREAM_KEY } from '../../../stream-key.js';
import type { RemoteStream, StreamFigures, StreamReply } from '../../remote-store.js';

/** Asks for what can be said of the stream. @throws CodedError (rejects) if the store does not answer. */
export async function askFigures(stream: Pick<RemoteStream, 'run'>): Promise<StreamFigures> {
  const [info, groups, bytes] = await Promise.all([
    stream.run(['XINFO', 'STREAM', STREAM_KEY], true).then(byName),
    stream.run(['XINFO', 'GROUPS', STREAM_KEY], true),
    stream.run(['MEMORY', 'USAGE', STREAM_KEY], true),
  ]);
  return {
    length: Number(info.get('length')),
    bytes: Number(bytes),
    firstId: String(info.get('recorded-first-entry-id')),
    lastId: String(info.get('last-generated-id')),
    entriesAdded: Number(info.get('entries-added')),
    groups: (groups as readonly StreamReply[]).map(byName).map((group) => {
      const lag = group.get('lag');
      return {
        name: group.get('name') as Buffer,
        pending: Number(group.get('pending')),
        unread: typeof lag === 'number' ? lag : undefined,
      };
    }),
  };
}

/** Returns the values of alternating names and values. */
function byName(reply: StreamReply): ReadonlyMap<string, StreamReply> {
  const items = reply as readonly StreamReply[];
  const values = new Map<string, StreamReply>();
  for (let i = 0; i < items.length; i += 2) values.set(String(items[i]), items[i + 1]);
  return values;
}
