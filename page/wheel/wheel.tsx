import { useRef } from 'preact/hooks';
import type { Received } from '../feed/feed.js';
import { count, counted, shortCount } from '../format/count.js';
import { duration } from '../format/duration.js';
import { drawMinute } from './draw-minute.js';
import { WheelPainter } from './draw-wheel.js';
import { Drawing } from './drawing.js';
import './wheel.css';

/** The timing wheel: what is due, and when. */
export function Wheel({ received, expiredPerSecond }: { received: Received; expiredPerSecond: number }) {
  const painter = useRef<WheelPainter>(undefined);
  painter.current ??= new WheelPainter();
  const { current } = painter;
  const { tickMs, slots } = received.hello.wheel;
  const { timers, dueIn60s } = received.snapshot.wheel;
  const revolution = duration(tickMs * slots);
  return (
    <section class="card wheel" aria-labelledby="wheel-title">
      <h2 id="wheel-title">Timing wheel</h2>
      <div class="wheel-face">
        <Drawing
          name="wheel-canvas"
          label={`Timing wheel: ${counted(timers, 'timer')}, ${count(dueIn60s)} due within a minute.`}
          draw={(context, size, colours, now, still) =>
            current.draw(context, size, colours, now, received, still ? 0 : expiredPerSecond)
          }
        />
        <p class="wheel-centre" aria-hidden="true">
          <strong>{shortCount(timers)}</strong>
          {timers === 1 ? 'timer' : 'timers'}
        </p>
      </div>
      <ul class="legend" aria-hidden="true">
        <li class="legend-now">due in this turn</li>
        <li class="legend-later">due in a later turn</li>
      </ul>
      <p class="muted note">
        A bar shows how many timers fire when the hand gets there. A turn takes <span class="whole">{revolution}</span>.
        Each session with a deadline has a timer, and so has an old token in its grace period.
      </p>
    </section>
  );
}

/** What the hand comes to within a minute. */
export function NextMinute({ received }: { received: Received }) {
  const { dueIn1s, dueIn10s, dueIn60s } = received.snapshot.wheel;
  return (
    <section class="card minute" aria-labelledby="minute-title">
      <h2 id="minute-title">Due in the next minute</h2>
      <dl class="figures">
        <Figure label="within 1 s" value={count(dueIn1s)} />
        <Figure label="within 10 s" value={count(dueIn10s)} />
        <Figure label="within 60 s" value={count(dueIn60s)} />
      </dl>
      <Drawing
        name="minute-canvas"
        label={`Due within 1 second: ${count(dueIn1s)}, 10 seconds: ${count(dueIn10s)}, 60 seconds: ${count(dueIn60s)}.`}
        draw={(context, size, colours, now) => drawMinute(context, size, colours, now, received)}
      />
    </section>
  );
}

function Figure({ label, value }: { label: string; value: string }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{value}</dd>
    </div>
  );
}
