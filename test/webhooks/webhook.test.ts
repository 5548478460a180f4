import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { parseWebhooks } from '../../src/webhook-lines.js';
import type { Headers, Outcome, Sender } from '../../src/webhooks/sender.js';
import { TurnTime } from '../../src/webhooks/turn-time.js';
import { Webhook, WebhookCounts } from '../../src/webhooks/webhook.js';
import { FakeClock } from '../fake-clock.js';
import { turnEventLoop } from '../turn-event-loop.js';
import { FakeGroup, numberOf } from './fake-group.js';

const MINUTE = 60_000;
const OK: Outcome = { ok: true, status: 200, reason: '' };
const DOWN: Outcome = { ok: false, reason: 'ECONNREFUSED: connection refused' };
const failed = (status: number, retryAfterMs?: number): Outcome => ({
  ok: false,
  status,
  reason: `the response was ${status}`,
  retryAfterMs,
});

interface Request {
  readonly at: number;
  readonly headers: Headers;
  /** Their numbers, and the ids of their sessions. */
  readonly events: readonly { readonly at: number; readonly id: string }[];
}

/** A receiver that answers what the test wants, at once or when the test says. */
class FakeReceiver implements Sender {
  readonly requests: Request[] = [];
  readonly clock: FakeClock;
  /** How it answers. Undefined to let the request wait in `open`. */
  answer: (request: Request) => Outcome | undefined = () => OK;
  readonly open: { readonly request: Request; readonly end: (outcome: Outcome) => void }[] = [];
  mostOpen = 0;

  constructor(clock: FakeClock) {
    this.clock = clock;
  }

  send(headers: Headers, body: Buffer): Promise<Outcome> {
    const { data } = JSON.parse(String(body));
    const all = Array.isArray(data) ? data.map((each) => each.data) : [data];
    const events = all.map(({ at, id }) => ({ at: numberOf(at), id }));
    const request = { at: this.clock.now(), headers, events };
    this.requests.push(request);
    const outcome = this.answer(request);
    if (outcome !== undefined) return Promise.resolve(outcome);
    return new Promise((end) => {
      this.open.push({ request, end });
      this.mostOpen = Math.max(this.mostOpen, this.open.length);
    });
  }

  close(): void {
    for (const { end } of this.open.splice(0)) end({ ok: false, reason: 'the webhook is closed' });
  }

  /** The numbers of the events in its requests. */
  get received(): number[] {
    return this.requests.flatMap(({ events }) => events.map(({ at }) => at));
  }
}

const started: { readonly webhook: Webhook; readonly receiver: FakeReceiver }[] = [];
afterEach(async () => {
  for (const { webhook, receiver } of started.splice(0)) {
    receiver.close();
    await webhook.close();
  }
});

function start(options = '', { clock = new FakeClock(), group = new FakeGroup(), luck = 0 } = {}) {
  const receiver = new FakeReceiver(clock);
  const [line] = parseWebhooks(`https://shop.example/ ${options}`);
  const reports: string[] = [];
  const counts = new WebhookCounts();
  const webhook = new Webhook({
    line,
    group,
    sender: receiver,
    sign: undefined,
    counts,
    clock,
    turn: new TurnTime(clock),
    random: () => luck,
    observer: {
      onFailure: (name, reason) => reports.push(`${name} failed: ${reason}`),
      onDeadLetters: (name, events) => reports.push(`${name} gave up ${events.map(({ at }) => numberOf(at))}`),
      onGone: (name) => reports.push(`${name} is gone`),
      onFault: (fault) => reports.push(String(fault)),
    },
  });
  started.push({ webhook, receiver });
  /** Lets time pass, and everything happen that is due. */
  const pass = async (ms: number) => {
    const end = clock.now() + ms;
    const step = Math.max(1000, ms / 200);
    do {
      await turnEventLoop(4);
      clock.advance(Math.min(step, end - clock.now()));
    } while (clock.now() < end);
    for (let turns = 0; turns < 12; turns++) {
      await turnEventLoop(4);
      clock.advance(0);
    }
  };
  webhook.wake();
  return { clock, group, receiver, webhook, counts, reports, pass };
}

describe('a webhook', () => {
  it('delivers each event once, and acknowledges it when the receiver has accepted it', async () => {
    const { group, receiver, webhook, pass } = start();
    group.add(1, 'a');
    group.add(2, 'b');
    await pass(0);
    expect(receiver.received).toEqual([1, 2]);
    expect(group.acknowledged).toEqual(['1-0', '2-0']);
    group.add(3, 'a');
    webhook.wake();
    await pass(0);
    expect(receiver.received).toEqual([1, 2, 3]);
    expect(webhook.status).toMatchObject({ state: 'ok', requests: 3, delivered: 3, failures: 0, waiting: 0, lagMs: 0 });
  });

  it('delivers only the events and names that it is for, and acknowledges the others', async () => {
    const { group, receiver, pass } = start('events=expired,limit names=basket:*');
    group.add(1, 'a', 'expired', 'basket:1');
    group.add(2, 'b', 'ended', 'basket:1');
    group.add(3, 'c', 'limit', 'basket:2');
    group.add(4, 'd', 'expired', 'user:1');
    await pass(0);
    expect(receiver.received).toEqual([1, 3]);
    expect(group.acknowledged.sort()).toEqual(['1-0', '2-0', '3-0', '4-0']);
  });

  it('delivers again what was pending when it began, before anything new', async () => {
    const group = new FakeGroup();
    for (let entry = 1; entry <= 250; entry++) group.add(entry, `s${entry % 7}`);
    expect(group.take(230)).toHaveLength(230);
    const { receiver, pass } = start('', { group });
    await pass(1000);
    expect(receiver.received.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 250 }, (_, i) => i + 1));
    expect(group.pendingCount).toBe(0);
  });

  it('keeps the order of each session, while other sessions go on', async () => {
    const { group, receiver, pass } = start('concurrency=3');
    let isBroken = true;
    receiver.answer = ({ events: [{ id }] }) => (id === 'a' && isBroken ? failed(500) : OK);
    group.add(1, 'a', 'new');
    group.add(2, 'a');
    for (let entry = 3; entry <= 12; entry++) group.add(entry, `b${entry}`);
    await pass(500);
    expect(receiver.received).toEqual([1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    isBroken = false;
    await pass(1000);
    expect(receiver.received.slice(11)).toEqual([1, 2]);
  });

  it('sends no more requests at a time than it may, and begins with one', async () => {
    const { group, receiver, pass } = start('concurrency=4');
    receiver.answer = () => undefined;
    for (let entry = 1; entry <= 50; entry++) group.add(entry, `s${entry}`);
    await pass(0);
    expect(receiver.open).toHaveLength(1);
    while (group.acknowledged.length < 50) {
      for (const { end } of receiver.open.splice(0)) end(OK);
      await pass(0);
    }
    expect(receiver.mostOpen).toBe(4);
  });

  it('reads no more events than it may hold', async () => {
    const { group, receiver, webhook, pass } = start();
    receiver.answer = () => undefined;
    for (let entry = 1; entry <= 3000; entry++) group.add(entry, `s${entry}`);
    await pass(2000);
    expect(group.pendingCount).toBe(1000);
    expect(webhook.status).toMatchObject({ waiting: 3000, inFlight: 1 });
    expect(webhook.status.lagMs).toBeGreaterThan(1000);
  });

  it('waits twice as long after each failure of a message, up to an hour', async () => {
    const { group, receiver, webhook, pass } = start();
    // Others succeed in between, so that the receiver is not taken to be down.
    receiver.answer = ({ events: [{ id }] }) => (id === 'bad' ? failed(500) : OK);
    group.add(1, 'bad');
    const times = () => receiver.requests.filter(({ events: [{ id }] }) => id === 'bad').map(({ at }) => at);
    for (let entry = 2; times().length < 7; entry++) {
      group.add(entry, `good${entry}`);
      webhook.wake();
      await pass(1000);
    }
    const waits = times().map((at, i, all) => at - (all[i - 1] ?? at));
    expect(waits.slice(1)).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000]);
  });

  it('has the same id in every attempt, and the time of the attempt', async () => {
    const { group, receiver, pass } = start();
    receiver.answer = () => (receiver.requests.length < 3 ? failed(500) : OK);
    group.add(1700, 'kJ3x');
    await pass(5000);
    expect(receiver.requests.map(({ headers }) => headers['webhook-id'])).toEqual(Array(3).fill('1700-0_kJ3x'));
    const seconds = receiver.requests.map(({ headers }) => Number(headers['webhook-timestamp']));
    expect(seconds.map((second) => second - seconds[0])).toEqual([0, 1, 3]);
  });

  it('gives everything to a receiver that was down for an hour, soon and not all at once', async () => {
    const { group, receiver, counts, webhook, pass } = start('concurrency=5');
    receiver.answer = () => DOWN;
    for (let entry = 1; entry <= 400; entry++) group.add(entry, `s${entry % 90}`);
    await pass(60 * MINUTE);
    // One attempt at a time, about a minute apart.
    expect(counts.failures).toBeGreaterThan(55);
    expect(counts.failures).toBeLessThan(90);
    expect(group.pendingCount).toBe(400);
    expect(webhook.status).toMatchObject({ state: 'failing', lastError: DOWN.reason, delivered: 0 });
    const back = receiver.requests.length;
    receiver.answer = () => undefined;
    await pass(MINUTE);
    expect(receiver.open).toHaveLength(1);
    const seen: number[] = [];
    while (counts.delivered < 400) {
      seen.push(receiver.open.length);
      for (const { end } of receiver.open.splice(0)) end(OK);
      await pass(0);
    }
    expect(seen.slice(0, 4)).toEqual([1, 2, 4, 5]);
    expect(receiver.mostOpen).toBe(5);
    expect(new Set(receiver.received.slice(back)).size).toBe(400);
    expect(webhook.status.state).toBe('ok');
    expect(group.pendingCount).toBe(0);
  });

  it('leaves a receiver alone for as long as it asks, but for no longer than an hour', async () => {
    const { group, receiver, pass } = start();
    for (let entry = 1; entry <= 5; entry++) group.add(entry, `s${entry}`);
    receiver.answer = () => failed(429, 90_000);
    await pass(89_000);
    expect(receiver.requests).toHaveLength(1);
    receiver.answer = () => failed(503, 1e12);
    await pass(2000);
    expect(receiver.requests).toHaveLength(2);
    receiver.answer = () => OK;
    await pass(59 * MINUTE);
    expect(receiver.requests).toHaveLength(2);
    await pass(2 * MINUTE);
    expect(new Set(receiver.received)).toEqual(new Set([1, 2, 3, 4, 5]));
  });

  it('gives an event up once it has failed and is too old, and goes on with the session', async () => {
    const { group, receiver, counts, reports, webhook, pass } = start('retry-for=3660');
    receiver.answer = ({ events: [{ at }] }) => (at === 1 ? failed(500) : OK);
    // An hour before the clock began.
    group.add(1, 'a', 'new');
    group.add(2, 'a');
    await pass(55_000);
    expect(counts).toMatchObject({ givenUp: 0, delivered: 0 });
    await pass(2 * MINUTE);
    expect(counts).toMatchObject({ givenUp: 1, delivered: 1 });
    expect(group.acknowledged).toEqual(['1-0', '2-0']);
    expect(reports.at(-1)).toBe('shop.example gave up 1');
    expect(webhook.status.deadLetters).toBe(1);
  });

  it('counts what retention removes as dead letters, and does not send it', async () => {
    const { group, receiver, webhook, pass } = start();
    receiver.answer = () => failed(500);
    group.add(1, 'a');
    group.add(2, 'a');
    await pass(0);
    group.drop(1);
    receiver.answer = () => OK;
    await pass(2000);
    expect(receiver.received).toEqual([1, 2]);
    expect(webhook.status).toMatchObject({ deadLetters: 1, delivered: 1, waiting: 0 });
  });

  it('sends nothing more to a receiver that answers 410', async () => {
    const { group, receiver, webhook, reports, pass } = start();
    receiver.answer = () => failed(410);
    group.add(1, 'a');
    group.add(2, 'b');
    await pass(60 * MINUTE);
    expect(receiver.received).toEqual([1]);
    expect(reports).toEqual(['shop.example is gone']);
    expect(group.pendingCount).toBe(2);
    expect(webhook.status.state).toBe('disabled');
  });

  it('sends several events at a time in batches, and repeats a batch unchanged', async () => {
    const { group, receiver, pass } = start('batch=3 data=yes');
    receiver.answer = () => (receiver.requests.length === 1 ? failed(500) : OK);
    for (let entry = 1; entry <= 3; entry++) group.add(entry, 'a');
    for (let entry = 4; entry <= 7; entry++) group.add(entry, `s${entry}`);
    await pass(2000);
    const batches = receiver.requests.map(({ events }) => events.map(({ at }) => at));
    expect(batches).toEqual([[1, 2, 3], [4, 5, 6], [7], [1, 2, 3]]);
    expect(receiver.requests[0].headers['webhook-id']).toMatch(/^1-0_a_[\w-]{22}$/);
    expect(receiver.requests[3].headers['webhook-id']).toBe(receiver.requests[0].headers['webhook-id']);
  });

  it('has another id for a batch of other events that begins with the same one', async () => {
    const ids: string[] = [];
    for (const second of ['b', 'c']) {
      const { group, receiver, pass } = start('batch=2');
      group.add(1, 'a');
      group.add(2, second);
      await pass(0);
      ids.push(receiver.requests[0].headers['webhook-id']);
    }
    expect(ids[0]).not.toBe(ids[1]);
  });

  it('does not give up a batch before its youngest event is too old', async () => {
    const { group, receiver, counts, pass } = start('batch=2 retry-for=3660');
    receiver.answer = () => failed(500);
    // An hour before the clock began, and a minute before.
    group.add(1, 'a');
    group.add(59 * MINUTE, 'b');
    await pass(5 * MINUTE);
    receiver.answer = () => OK;
    await pass(2 * MINUTE);
    expect(counts).toMatchObject({ givenUp: 0, delivered: 2 });
  });

  it('lets a batch have no more than a megabyte of data', async () => {
    const { group, receiver, pass } = start('batch=10');
    for (let entry = 1; entry <= 4; entry++) group.add(entry, `s${entry}`, 'expired', 'n', Buffer.alloc(400_000));
    await pass(100);
    expect(receiver.requests.map(({ events }) => events.length)).toEqual([2, 2]);
  });

  it('has no more than some megabytes of data under way', async () => {
    const { group, receiver, pass } = start('concurrency=100');
    receiver.answer = () => (receiver.requests.length <= 50 ? OK : undefined);
    for (let entry = 1; entry <= 50; entry++) group.add(entry, `s${entry}`);
    for (let entry = 51; entry <= 70; entry++) group.add(entry, `s${entry}`, 'expired', 'n', Buffer.alloc(3_000_000));
    await pass(1000);
    expect(receiver.open).toHaveLength(3);
    receiver.answer = () => OK;
    for (const { end } of receiver.open.splice(0)) end(OK);
    await pass(1000);
    expect(group.pendingCount).toBe(0);
  });

  it('works for a short time in each turn of the event loop', async () => {
    const { group, receiver, clock, pass } = start('concurrency=100');
    for (let entry = 1; entry <= 200; entry++) group.add(entry, `s${entry}`);
    await pass(1000);
    for (let entry = 201; entry <= 300; entry++) group.add(entry, `s${entry}`);
    // Each message takes a millisecond.
    receiver.answer = () => {
      clock.freeze(1);
      return undefined;
    };
    const { webhook } = started[0];
    webhook.wake();
    clock.step();
    await turnEventLoop(4);
    expect(receiver.open).toHaveLength(2);
    for (let turn = 0; turn < 200; turn++) {
      clock.step();
      await turnEventLoop(2);
    }
    expect(receiver.open).toHaveLength(100);
  });

  it('lets a request end when it is closed, for a second, and then leaves the event pending', async () => {
    const { group, receiver, webhook, clock, pass } = start();
    receiver.answer = () => undefined;
    group.add(1, 'a');
    group.add(2, 'b');
    await pass(0);
    const closed = webhook.close();
    await turnEventLoop();
    expect(receiver.open).toHaveLength(1);
    clock.advance(1000);
    await closed;
    expect(group.pendingCount).toBeGreaterThan(0);
    expect(webhook.status.failures).toBe(0);
  });

  it('delivers every event at least once and in the order of its session, whatever fails and whenever it restarts', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 60 }),
        fc.infiniteStream(fc.integer({ min: 0, max: 9 })),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 3 }),
        async (sessions, luck, concurrency, batch) => {
          const clock = new FakeClock();
          const group = new FakeGroup();
          const accepted: number[] = [];
          let left = 80;
          const begin = () => {
            const began = start(`concurrency=${concurrency} batch=${batch}`, { clock, group, luck: 0.5 });
            began.receiver.answer = ({ events }) => {
              if (left-- > 0 && luck.next().value < 4) return DOWN;
              accepted.push(...events.map(({ at }) => at));
              return OK;
            };
            return began;
          };
          let { webhook, pass } = begin();
          for (const [index, session] of sessions.entries()) {
            group.add(index + 1, `s${session}`);
            webhook.wake();
            if (luck.next().value > 7) await pass(1000);
            if (luck.next().value > 8) {
              await webhook.close();
              ({ webhook, pass } = begin());
            }
          }
          while (group.pendingCount + group.unread > 0) await pass(MINUTE);
          for (let session = 0; session <= 5; session++) {
            const mine = sessions.flatMap((each, index) => (each === session ? [index + 1] : []));
            // The first time that each was accepted.
            expect([...new Set(accepted)].filter((entry) => mine.includes(entry))).toEqual(mine);
          }
        },
      ),
      { numRuns: 15 },
    ));
});
