import { startWithWebhook } from './own-server.js';
import { Receiver } from './receiver.js';
import { isStarted, type Say } from './tell.js';

/**
 * A pizza service is told when a delivery ends, and when one does not end in time; and its auditors get every login and
 * logout, in the right order. Starts respite itself, with two webhooks:
 *
 *     npx tsx examples/delivery-report.ts
 */
export async function deliveryReport(say: Say) {
  const dispatcher = await Receiver.start();
  const auditor = await Receiver.start();
  const { redis, stop } = await startWithWebhook(
    [
      `${dispatcher.url} name=dispatcher events=ended,expired names=delivery:* data=yes secret-file=${dispatcher.secretFile} private=yes`,
      `${auditor.url} name=auditor events=new,ended,expired names=user:* secret-file=${auditor.secretFile} private=yes`,
    ].join('\n'),
  );
  try {
    const deliver = async (name: string) =>
      String(await redis.call('SESSION.NEW', name, 7200, 'DATA', 'position', 'Bakery Lane 1'));

    const delivery = await deliver('delivery:4711');
    await redis.call('SESSION.SET', delivery, 'position', 'Harbour Bridge 9');
    await redis.call('SESSION.END', delivery);
    const delivered = await dispatcher.next();
    say(`${delivered.data.name} has ${delivered.data.event} at ${delivered.data.keys?.position}: it is delivered.`);

    // Nobody ends this one. A quarter of a second instead of two hours, so that the story ends soon.
    await redis.call('SESSION.PEXPIRE', await deliver('delivery:4712'), 250);
    const overdue = await dispatcher.next();
    say(`${overdue.data.name} has ${overdue.data.event} at ${overdue.data.keys?.position}: where is the courier?`);

    const login = String(await redis.call('SESSION.NEW', 'user:ada', 1800, 'DATA', 'device', 'phone'));
    await redis.call('SESSION.END', login);
    const audit = [await auditor.next(), await auditor.next()];
    say(`The auditor has: ${audit.map(({ data }) => `${data.name} ${data.event}`).join(', then ')}.`);
    // Without data=yes, an auditor learns who and when, and nothing that the session contained.
    const hasData = audit.some(({ data }) => data.keys !== undefined);

    return {
      delivered: delivered.data.keys,
      overdue: [overdue.type, overdue.data.keys],
      audit: audit.map(({ type }) => type),
      isSameSession: audit[0].data.id === audit[1].data.id,
      hasData,
    };
  } finally {
    await stop();
    dispatcher.stop();
    auditor.stop();
  }
}

if (isStarted(import.meta.url)) await deliveryReport(console.log);
