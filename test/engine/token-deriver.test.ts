import { expect, it } from 'vitest';
import { NO_SESSION, SessionEngine } from '../../src/engine/index.js';
import { Slice } from '../../src/slice.js';
import { FakeClock } from '../fake-clock.js';

const NOBODYS = Slice.of('AAAAAAAAAAAAAAAAAAAAAA');

/** An engine with so many shared sessions whose tokens nobody has asked for. */
function engineWith(tokenless: number) {
  const clock = new FakeClock();
  const engine = new SessionEngine({ clock });
  for (let i = 0; i < tokenless; i++) engine.create(Slice.of(`key:${i}`), { shared: 'tokenless' });
  return { clock, engine };
}

it('derives tokens in slices, between which others are served', async () => {
  const { clock, engine } = engineWith(1000);
  // With every look at the clock a slice is over.
  clock.msPerLook = 2;
  const deriving = engine.deriveTokens();
  const left: number[] = [];
  do {
    left.push(engine.tokenless);
  } while (clock.step());
  expect(left.length).toBeGreaterThan(10);
  expect(left).toEqual([...left].sort((one, other) => other - one));
  expect(left.at(-1)).toBe(0);
  await deriving;
});

it('is one piece of work, however many wait for it', async () => {
  const { clock, engine } = engineWith(1000);
  clock.msPerLook = 2;
  const waiting = Array.from({ length: 100 }, () => engine.deriveTokens());
  expect(clock.waiting).toBe(1);
  expect(engine.tokenless).toBeGreaterThan(900);
  while (clock.step());
  await Promise.all(waiting);
  expect(engine.tokenless).toBe(0);
});

it('can be done again, for those that came later', async () => {
  const { engine } = engineWith(10);
  await engine.deriveTokens();
  engine.create(Slice.of('later'), { shared: 'tokenless' });
  await engine.deriveTokens();
  expect(engine.tokenless).toBe(0);
});

it('is given up when the engine is closed: nobody waits for ever', async () => {
  const { clock, engine } = engineWith(1000);
  clock.msPerLook = 2;
  const deriving = engine.deriveTokens();
  engine.close();
  await deriving;
  expect(clock.waiting).toBe(0);
});

it('is not for what is no token, and not for one that is known', () => {
  const { engine } = engineWith(1000);
  const known = Slice.of(engine.token(engine.create(Slice.of('x'))));
  for (const given of [Slice.of('key:1'), Slice.of('@key:1'), Slice.of(''), known]) {
    expect(engine.mayBeUnderived(given)).toBe(false);
  }
  expect(engine.mayBeUnderived(NOBODYS)).toBe(true);
  expect(engine.find(Slice.of('key:1'))).toBe(NO_SESSION);
  expect(engine.tokenless).toBe(1000);
});
