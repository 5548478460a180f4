import { startRedis } from '../processes.js';
import { encodeBulk, encodeRequest } from './ask.js';
import { wallClockAhead } from './clock.js';
import type { Contender } from './contender.js';

const CHANNEL = '__keyevent@0__:expired';

/** Redis. A session is a hash. Deadlines are set by the wall clock, in whole ms. */
export function redis(): Contender {
  const ahead = wallClockAhead();
  return {
    start: () => startRedis(),
    preparation: {
      request:
        encodeRequest('CONFIG', 'SET', 'notify-keyspace-events', 'Ex') +
        encodeRequest('HSET', 'probed', 'key', 'value'),
      reply: '+OK\r\n:1\r\n',
    },
    subscription: {
      request: encodeRequest('SUBSCRIBE', CHANNEL),
      reply: `*3\r\n${encodeBulk('subscribe')}${encodeBulk(CHANNEL)}:1\r\n`,
    },
    probe: { request: encodeRequest('HGET', 'probed', 'key'), reply: encodeBulk('value') },
    create: (session) => ({ request: encodeRequest('HSET', `user:${session}`, 'key', 'value'), reply: ':1\r\n' }),
    expire(session, due) {
      const at = Math.round(due + ahead);
      return { request: encodeRequest('PEXPIREAT', `user:${session}`, at), reply: ':1\r\n', deadline: at - ahead };
    },
  };
}
