import type { Received } from '../feed/feed.js';
import { shortCount } from '../format/count.js';
import type { Palette } from '../palette.js';
import type { Size } from './drawing.js';
import { handPosition } from './wheel-position.js';

const TURN = 2 * Math.PI;
/** How long a spark flies outwards, in ms. */
const SPARK_MS = 1400;
const MAX_SPARKS = 24;

/** A session that has just expired. */
interface Spark {
  readonly start: number;
  /** Where it begins, as a fraction of a revolution. */
  readonly at: number;
  /** How far it strays to the side, from -1 to 1. */
  readonly drift: number;
}

/**
 * Draws the timing wheel as a clock face. Each bar is a segment of wheel slots. What is due in this revolution points
 * outwards, what is due in later ones inwards. Lengths are logarithmic: each faint circle stands for ten times as many
 * timers as the one inside it.
 */
export class WheelPainter {
  #sparks: Spark[] = [];
  #nextSpark = 0;

  /** @param expiredPerSecond Expiries that the hand throws off as sparks. */
  draw(
    context: CanvasRenderingContext2D,
    { width, height }: Size,
    colours: Palette,
    now: number,
    received: Received,
    expiredPerSecond: number,
  ): void {
    const radius = Math.min(width, height) / 2;
    const rim = radius - 32;
    const base = rim * 0.6;
    const reach = rim - base;
    const inwards = base * 0.3;
    const hand = handPosition(received, now);
    const { thisRound, laterRounds } = received.snapshot.wheel;
    const decades = Math.max(2, Math.ceil(Math.log10(1 + largest(thisRound))));
    const laterDecades = Math.max(2, Math.ceil(Math.log10(1 + largest(laterRounds))));

    context.save();
    context.translate(width / 2, height / 2);
    this.#face(context, colours, base, reach, decades);
    this.#minutes(context, colours, rim, received, hand);
    context.lineCap = 'butt';
    const segments = thisRound.length;
    const breadth = (TURN * base) / segments;
    for (let segment = 0; segment < segments; segment++) {
      const middle = (segment + 0.5) / segments;
      const ahead = (middle - hand + 1) % 1;
      // Nearer bars are stronger.
      context.globalAlpha = 1 - 0.62 * ahead;
      bar(context, middle, base + 2, (reach * log(thisRound[segment] ?? 0)) / decades, breadth * 0.75, colours.accent);
      context.globalAlpha = 0.7;
      const later = (inwards * log(laterRounds[segment] ?? 0)) / laterDecades;
      bar(context, middle, base - 2, -later, breadth * 0.75, colours.muted);
    }
    context.globalAlpha = 1;
    this.#scale(context, colours, base, reach, decades, hand);
    this.#hand(context, colours, hand, base - inwards, rim);
    this.#drawSparks(context, colours, now, hand, rim, expiredPerSecond);
    context.restore();
  }

  #face(context: CanvasRenderingContext2D, colours: Palette, base: number, reach: number, decades: number): void {
    context.lineWidth = 1;
    context.strokeStyle = colours.line;
    for (let decade = 1; decade <= decades; decade++) circle(context, base + (reach * decade) / decades);
    context.strokeStyle = colours.line;
    context.lineWidth = 1.5;
    circle(context, base);
  }

  /** Labels the circles with the number that they stand for, just behind the hand, where the least is due. */
  #scale(
    context: CanvasRenderingContext2D,
    colours: Palette,
    base: number,
    reach: number,
    decades: number,
    hand: number,
  ) {
    const angle = angleOf(hand) - 18 / base;
    context.font = `10px ${colours.font}`;
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    context.strokeStyle = colours.card;
    context.lineWidth = 4;
    context.fillStyle = colours.muted;
    for (let decade = 1; decade <= decades; decade++) {
      const distance = base + (reach * decade) / decades;
      const at = [shortCount(10 ** decade), Math.cos(angle) * distance, Math.sin(angle) * distance] as const;
      context.strokeText(...at);
      context.fillText(...at);
    }
  }

  /** Labels places on the rim with the time until the hand gets there. */
  #minutes(context: CanvasRenderingContext2D, colours: Palette, rim: number, received: Received, hand: number): void {
    const { tickMs, slots } = received.hello.wheel;
    const revolution = tickMs * slots;
    // So a wheel of a few seconds has as few labels as one of many hours.
    const step = niceStep(revolution / 6);
    context.fillStyle = colours.muted;
    context.font = `11px ${colours.font}`;
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    for (let ahead = step; ahead < revolution - step / 3; ahead += step) {
      const angle = angleOf(hand + ahead / revolution);
      context.fillText(shortTime(ahead), Math.cos(angle) * (rim + 17), Math.sin(angle) * (rim + 17));
    }
  }

  #hand(context: CanvasRenderingContext2D, colours: Palette, hand: number, from: number, to: number): void {
    const angle = angleOf(hand);
    const [x, y] = [Math.cos(angle), Math.sin(angle)];
    context.strokeStyle = colours.ink;
    context.lineWidth = 2;
    context.lineCap = 'round';
    context.beginPath();
    context.moveTo(x * from, y * from);
    context.lineTo(x * to, y * to);
    context.stroke();
    context.fillStyle = colours.ink;
    context.beginPath();
    context.arc(x * (to + 4), y * (to + 4), 4, 0, TURN);
    context.fill();
  }

  #drawSparks(
    context: CanvasRenderingContext2D,
    colours: Palette,
    now: number,
    hand: number,
    rim: number,
    perSecond: number,
  ): void {
    this.#sparks = this.#sparks.filter(({ start }) => now - start < SPARK_MS);
    if (perSecond > 0 && now >= this.#nextSpark && this.#sparks.length < MAX_SPARKS) {
      this.#sparks.push({ start: now, at: hand, drift: Math.random() * 2 - 1 });
      // Logarithmic too: a hundred thousand expiries a second must not make a hundred thousand sparks.
      this.#nextSpark = now + 1000 / Math.min(16, 1 + 3 * log(perSecond));
    }
    context.fillStyle = colours.accent;
    for (const { start, at, drift } of this.#sparks) {
      const age = (now - start) / SPARK_MS;
      const angle = angleOf(at + drift * 0.012 * age);
      const distance = rim + 4 + 20 * (1 - (1 - age) ** 2);
      context.globalAlpha = 1 - age;
      context.beginPath();
      context.arc(Math.cos(angle) * distance, Math.sin(angle) * distance, 2.2 * (1 - age / 2), 0, TURN);
      context.fill();
    }
    context.globalAlpha = 1;
  }
}

/** 0 for none, a little more than 0 for one, 1 for ten, 2 for a hundred. */
const log = (value: number): number => (value <= 0 ? 0 : Math.max(0.18, Math.log10(value + 0.5)));
const largest = (values: readonly number[]): number => values.reduce((most, value) => Math.max(most, value), 0);
/** Noon is 0, and the hand turns clockwise. */
const angleOf = (fraction: number): number => TURN * fraction - TURN / 4;

function circle(context: CanvasRenderingContext2D, radius: number): void {
  context.beginPath();
  context.arc(0, 0, radius, 0, TURN);
  context.stroke();
}

function bar(
  context: CanvasRenderingContext2D,
  at: number,
  from: number,
  length: number,
  width: number,
  colour: string,
): void {
  if (length === 0) return;
  const angle = angleOf(at);
  const [x, y] = [Math.cos(angle), Math.sin(angle)];
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.beginPath();
  context.moveTo(x * from, y * from);
  context.lineTo(x * (from + length), y * (from + length));
  context.stroke();
}

const STEPS = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 43_200, 86_400];

/** Returns a round length of time in ms that is not shorter than the given one. */
function niceStep(ms: number): number {
  return (STEPS.find((seconds) => seconds * 1000 >= ms) ?? 604_800) * 1000;
}

function shortTime(ms: number): string {
  if (ms < 60_000) return `${ms / 1000} s`;
  return ms < 3_600_000 ? `${ms / 60_000} min` : `${ms / 3_600_000} h`;
}
