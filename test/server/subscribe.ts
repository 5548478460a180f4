import { frame, type RawClient } from '../raw-client.js';
import { askWith } from './ask.js';

/** Returns what has arrived since the last call, as `<channel> <message>`. */
export type Heard = () => Promise<string[]>;

/** A channel for the test only. */
const END = 'the end';

/** Subscribes to a pattern. The other client publishes the message that ends each call. */
export async function subscribe(subscriber: RawClient, publisher: RawClient, pattern: string): Promise<Heard> {
  await askWith(subscriber, 'PSUBSCRIBE', pattern);
  await askWith(subscriber, 'SUBSCRIBE', END);
  const end = frame('message', END, 'end').toString('latin1');
  return async () => {
    await publisher.expect(frame('PUBLISH', END, 'end'), ':1\r\n');
    const messages = (await subscriber.takeUntil(end)).slice(0, -end.length);
    const message = /\*4\r\n\$8\r\npmessage\r\n\$\d+\r\n.*\r\n\$\d+\r\n(.*)\r\n\$\d+\r\n(.*)\r\n/g;
    return [...messages.matchAll(message)].map(([, from, text]) => `${from} ${text}`);
  };
}
