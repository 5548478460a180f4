import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { abandonedBasket } from '../../examples/abandoned-basket.js';
import { deliveryReport } from '../../examples/delivery-report.js';
import { oneTimeCode } from '../../examples/one-time-code.js';
import { pizzaDelivery } from '../../examples/pizza-delivery.js';
import { shoppingBasket } from '../../examples/shopping-basket.js';
import { Program } from '../tools/program.js';

const NO_SESSION = 'NOSESSION no such session';

/** The programs of `examples/`, with a real server. */
describe.each([2, 3] as const)('the examples, over RESP%i', (protocol) => {
  let program: Program;
  beforeAll(async () => {
    program = await Program.start();
  });
  afterAll(() => program.stop());

  it('pizza delivery', async () => {
    const lines: string[] = [];
    const { delivery, driver } = await pizzaDelivery(program.client({ protocol }), (line) => lines.push(line));
    expect(delivery).toEqual({
      endsWithin: 7200,
      position: 'Harbour Bridge',
      eta: '8 min',
      ended: 1,
      lateUpdate: NO_SESSION,
      exists: 0,
    });
    expect(driver).toMatchObject({ loaded: 2, loadedAgain: 1, delivered: 1, left: 2, aboard: ['pizza:2', 'pizza:3'] });
    expect(driver.leftAfter).toBeGreaterThan(driver.leftBefore);
    expect(lines.length).toBeGreaterThan(5);
  });

  it('one-time code', async () => {
    expect(await oneTimeCode(program.client({ protocol }), () => {})).toEqual({
      expires: 300,
      wrong: 'wrong',
      right: 'right',
      again: 'no code',
      guesses: ['wrong', 'wrong', 'wrong'],
      late: 'no code',
      cart: 'pizza',
    });
  });

  it('shopping basket', async () => {
    const story = await shoppingBasket(program.client({ protocol }), () => {});
    expect(story).toMatchObject({
      margheritas: 2,
      afterTabs: { margherita: 3, cola: 4 },
      withOldToken: NO_SESSION,
      afterLogin: { margherita: 3, cola: 4 },
      open: 3,
      ended: 1,
      afterEnd: NO_SESSION,
      openAfterExpiry: 1,
      endedByName: 1,
      openAtTheEnd: 0,
    });
    expect(story.leftAfter).toBeGreaterThan(story.leftBefore);
    expect(await program.client().dbsize()).toBe(0);
  });
});

/** These start respite themselves. */
describe('the examples with webhooks', () => {
  it('abandoned basket', async () => {
    const lines: string[] = [];
    expect(await abandonedBasket((line) => lines.push(line))).toEqual({
      type: 'session.expired',
      abandoned: { margherita: '2', cola: '1' },
      repeated: { 'quattro stagioni': '1' },
    });
    expect(lines.length).toBeGreaterThan(4);
  });

  it('delivery report', async () => {
    expect(await deliveryReport(() => {})).toEqual({
      delivered: { position: 'Harbour Bridge 9' },
      overdue: ['session.expired', { position: 'Bakery Lane 1' }],
      audit: ['session.new', 'session.ended'],
      isSameSession: true,
      hasData: false,
    });
  });
});
