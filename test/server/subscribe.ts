import { frame, type RawClient } from '../raw-client.js';
import { askWith } from './ask.js';

/** Returns the messages since the last call, as `<channel> <message>`. */
export type Heard = () => Promise<string[]>;

/** A channel for the test only. */
const END = 'the end';

/** Subscribes to a pattern. The publisher marks the end of the messages. */
export async function subscribe(subscriber: RawClient, publisher: RawClient, pattern: string): Promise<Heard> {
  await askWith(subscriber, 'PSUBSCRIBE', pattern);
  await askWith(subscriber, 'SUBSCRIBE', END);
  return async () => {
    await publisher.expect(frame('PUBLISH', END, 'end'), ':1\r\n');
    const heard: string[] = [];
    for (;;) {
      const [kind, , channel, message] = (await subscriber.reply()) as string[];
      if (kind === 'message') return heard;
      if (kind === 'pmessage') heard.push(`${channel} ${message}`);
    }
  };
}
