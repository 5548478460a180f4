import type { Received } from '../feed/feed.js';
import type { Palette } from '../palette.js';
import type { Size } from './drawing.js';
import { sinceCounted } from './wheel-position.js';

const MINUTE = 60_000;
const AXIS_HEIGHT = 20;

/** Draws what is due in the next 60 s as bars that move towards the hand at the left. Heights are linear. */
export function drawMinute(
  context: CanvasRenderingContext2D,
  { width, height }: Size,
  colours: Palette,
  now: number,
  received: Received,
): void {
  const { minute } = received.snapshot.wheel;
  const part = received.hello.wheel.minutePartMs;
  const passed = sinceCounted(received, now);
  const floor = height - AXIS_HEIGHT;
  const most = minute.reduce((high, value) => Math.max(high, value), 4);
  const x = (ms: number) => 1 + ((width - 2) * ms) / MINUTE;
  const barWidth = Math.max(1, ((width - 2) * part) / MINUTE - 1);

  context.fillStyle = colours.accent;
  minute.forEach((value, i) => {
    const left = x(i * part - passed);
    if (value === 0 || left + barWidth < 0) return;
    const barHeight = Math.max(2, ((floor - 6) * value) / most);
    context.globalAlpha = 1 - (0.55 * i) / minute.length;
    context.fillRect(Math.max(1, left), floor - barHeight, barWidth + Math.min(0, left - 1), barHeight);
  });
  context.globalAlpha = 1;

  context.fillStyle = colours.line;
  context.fillRect(0, floor, width, 1);
  context.fillStyle = colours.ink;
  context.fillRect(0, 0, 2, floor + 1);
  context.fillStyle = colours.muted;
  context.font = `11px ${colours.font}`;
  context.textBaseline = 'bottom';
  for (const seconds of [0, 15, 30, 45, 60]) {
    context.textAlign = seconds === 0 ? 'left' : seconds === 60 ? 'right' : 'center';
    context.fillText(seconds === 0 ? 'now' : `${seconds} s`, x(seconds * 1000), height);
  }
}
