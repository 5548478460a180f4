import { bodyLimit } from 'hono/body-limit';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { type DecodedReply, ReplyError } from '../../resp/reply-decoder.js';
import type { CommandClient, HttpApp, HttpContext } from '../http-context.js';
import { toJsonBytes } from '../json-bytes.js';
import { BadRequest, JsonRequest } from './json-request.js';
import type { ApiError, ListedName, ListedSession, SessionApi, SessionApiPath } from './session-api-data.js';

/** The longest body of a request in bytes. */
const MAX_BODY = 64 * 1024;
/** The most names or sessions on a page, the most ids to end, and the most keys whose values are returned. */
const MOST = 1000;

/**
 * A search for names calls SESSION.NAMES at most this many times, each of which takes at most 2 ms and lets others be
 * served in between.
 */
const MOST_CALLS = 16;
/** The most names that one of these calls looks at. */
const MOST_LOOKS = 4096;

/** How each path is answered. */
const ANSWERS: {
  readonly [Path in SessionApiPath]: (
    client: CommandClient,
    request: JsonRequest,
  ) => Promise<SessionApi[Path]['response']>;
} = {
  async '/api/names'(client, request) {
    const match = request.bytes('match', Buffer.from('*'));
    const count = request.integer('count', 1, MOST, 100);
    let cursor = request.text('cursor', '0');
    let looks = count;
    const names: ListedName[] = [];
    for (let calls = 0; calls < MOST_CALLS && names.length < count; calls++) {
      const reply = await client.run('SESSION.NAMES', cursor, 'MATCH', match, 'COUNT', String(looks));
      const [next, found] = reply as [Buffer, (Buffer | number)[]];
      for (let i = 0; i < found.length; i += 2) {
        names.push({ name: toJsonBytes(found[i] as Buffer), sessions: found[i + 1] as number });
      }
      cursor = next.toString();
      if (cursor === '0') break;
      // Few names match, so look at more of them.
      looks = Math.min(looks * 4, MOST_LOOKS);
    }
    return { ...(cursor !== '0' && { cursor }), names };
  },

  async '/api/sessions'(client, request) {
    const name = request.bytes('name');
    const cursor = request.text('cursor', '0');
    const count = String(request.integer('count', 1, MOST, 50));
    const keys = request.byteList('keys', MOST);
    const withKeys = keys.length === 0 ? [] : ['KEYS', ...keys];
    const reply = await client.run('SESSION.LIST', name, 'CURSOR', cursor, 'COUNT', count, 'SIZES', ...withKeys);
    const [next, sessions] = reply as [Buffer, DecodedReply[][]];
    return { ...(next.toString() !== '0' && { cursor: next.toString() }), sessions: sessions.map(listed) };
  },

  async '/api/end-session'(client, request) {
    const ids = request.textList('ids', MOST);
    if (ids.length === 0) throw new BadRequest('ids must have at least one id');
    return { ended: (await client.run('SESSION.ENDID', request.bytes('name'), ...ids)) as number };
  },

  async '/api/end-name'(client, request) {
    return { ended: (await client.run('SESSION.ENDNAME', request.bytes('name'))) as number };
  },
};

/** Returns a session of SESSION.LIST. */
function listed(fields: readonly DecodedReply[]): ListedSession {
  const map = new Map<string, DecodedReply>();
  for (let i = 0; i < fields.length; i += 2) map.set(String(fields[i]), fields[i + 1]);
  const number = (name: string) => map.get(name) as number;
  const flat = (name: string) => (map.get(name) ?? []) as readonly (Buffer | number | null)[];
  const [lastUsed, timeLeft] = [number('lastUsed'), number('pttl')];
  const sizes = flat('sizes');
  const values = flat('values');
  return {
    id: String(map.get('id')),
    created: number('created'),
    ...(lastUsed >= 0 && { lastUsed }),
    ...(timeLeft >= 0 && { timeLeft }),
    bytes: number('bytes'),
    keyCount: number('keys'),
    keys: Array.from({ length: sizes.length / 2 }, (_, i) => ({
      key: toJsonBytes(sizes[2 * i] as Buffer),
      bytes: sizes[2 * i + 1] as number,
    })),
    values: Array.from({ length: values.length / 2 }, (_, i) => {
      const value = values[2 * i + 1] as Buffer | null;
      return value === null ? null : toJsonBytes(value);
    }),
  };
}

/** The status for each code of an error; 400 for all others. */
const STATUS: Record<string, ContentfulStatusCode> = {
  NOPERM: 403,
  CLOSED: 503,
  CLUSTERDOWN: 503,
  LOADING: 503,
  MISCONF: 503,
  NOREPLICAS: 503,
  OOM: 503,
  TRYAGAIN: 503,
};

/** Adds the API of the page. It runs commands as the user of the request. */
export function addSessionApi(app: HttpApp, context: HttpContext): void {
  const refusal = (error: ApiError, status: ContentfulStatusCode) => Response.json(error, { status });
  const limit = bodyLimit({
    maxSize: MAX_BODY,
    onError: () => refusal({ code: 'HTTP', error: `the body has more than ${MAX_BODY} bytes` }, 413),
  });
  for (const [path, answer] of Object.entries(ANSWERS)) {
    app.post(path, limit, async (c) => {
      let client: CommandClient | undefined;
      try {
        const request = new JsonRequest(await c.req.text());
        client = context.connect(c.var.user, c.env.incoming.socket);
        return c.json(await answer(client, request));
      } catch (error) {
        if (error instanceof BadRequest) return refusal({ code: 'HTTP', error: error.message }, 400);
        if (!(error instanceof ReplyError)) throw error;
        return refusal({ code: error.code, error: error.message }, STATUS[error.code] ?? 400);
      } finally {
        client?.close();
      }
    });
  }
}
