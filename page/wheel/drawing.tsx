import { useEffect, useRef } from 'preact/hooks';
import { type Palette, palette } from '../palette.js';

/**
 * Draws a picture of `width` by `height` CSS pixels.
 * @param now As `performance.now()`.
 * @param still Whether to leave out what is there only to move.
 */
type Draw = (context: CanvasRenderingContext2D, size: Size, colours: Palette, now: number, still: boolean) => void;

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Often enough for what moves a few pixels a second. */
const FRAME_MS = 1000 / 30;
const reducedMotion = matchMedia('(prefers-reduced-motion: reduce)');

/**
 * A canvas that is drawn again and again while it can be seen, or only once a second if the user wants less motion.
 * Screen readers get `label`.
 */
export function Drawing({ draw, label, name }: { draw: Draw; label: string; name: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const latest = useRef(draw);
  latest.current = draw;

  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext('2d');
    if (element === null || !context) return;
    let drawn = Number.NEGATIVE_INFINITY;
    let frame = 0;
    const paint = (now: number) => {
      drawn = now;
      const { clientWidth: width, clientHeight: height } = element;
      const ratio = devicePixelRatio;
      if (element.width !== Math.round(width * ratio) || element.height !== Math.round(height * ratio)) {
        element.width = Math.round(width * ratio);
        element.height = Math.round(height * ratio);
      }
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.clearRect(0, 0, width, height);
      latest.current(context, { width, height }, palette(), now, reducedMotion.matches);
    };
    const turn = (now: number) => {
      const due = reducedMotion.matches ? 1000 : FRAME_MS - 4;
      if (now - drawn >= due) paint(now);
      frame = requestAnimationFrame(turn);
    };
    const visible = new IntersectionObserver(([entry]) => {
      cancelAnimationFrame(frame);
      if (entry?.isIntersecting) turn(performance.now());
    });
    visible.observe(element);
    return () => {
      visible.disconnect();
      cancelAnimationFrame(frame);
    };
  }, []);

  return <canvas ref={canvas} class={name} role="img" aria-label={label} />;
}
