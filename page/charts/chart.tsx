import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { HISTORY_MS } from '../feed/feed.js';
import type { Sample } from '../feed/sample.js';
import { palette } from '../palette.js';
import './chart.css';

/** A line of a chart. */
export interface Line {
  readonly of: (sample: Sample) => number;
  /** Drawn in the accent colour, with a filled area; otherwise in grey. */
  readonly main: boolean;
}

const POWERS_OF_TWO = Array.from({ length: 50 }, (_, power) => 2 ** power);
/** The line is broken where there is no sample for this many ms. */
const GAP_MS = 3500;

/**
 * A chart of the last minutes. It shows what `label` says in words; pointing at it calls `onPoint` with that sample.
 * @param lines Must not change.
 */
export function Chart(props: {
  samples: readonly Sample[];
  lines: readonly Line[];
  label: string;
  format: (value: number) => string;
  /** The axis reaches at least this value. */
  least: number;
  /** Without an axis, for where there is little room. */
  bare?: boolean;
  /** Whether the axis has steps of powers of two. */
  binary?: boolean;
  theme: string;
  onPoint?: (sample: Sample | undefined) => void;
}) {
  const { samples, lines, theme, label } = props;
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const latest = useRef(props);
  latest.current = props;
  const shown = useRef<readonly (Sample | undefined)[]>([]);

  // A chart has the colours of the theme that it is made in.
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const size = () => ({ width: element.clientWidth, height: element.clientHeight });
    const chart = new uPlot({ ...size(), ...options(latest, shown) }, [[]], element);
    plot.current = chart;
    const resized = new ResizeObserver(() => chart.setSize(size()));
    resized.observe(element);
    return () => {
      resized.disconnect();
      chart.destroy();
    };
  }, [theme]);

  // A new chart has no data yet.
  useEffect(() => {
    shown.current = withGaps(samples);
    const times = shown.current
      .map((sample, i) => sample?.at ?? (shown.current[i - 1]?.at ?? 0) + 1)
      .map((at) => at / 1000);
    const values = lines.map(({ of }) => shown.current.map((sample) => (sample === undefined ? null : of(sample))));
    plot.current?.setData([times, ...values]);
  }, [samples, theme]);

  return <div ref={box} class="chart" role="img" aria-label={label} />;
}

/** Returns how many seconds a chart shows if there are samples for the given number: a minute at least. */
const shownSeconds = (known: number): number => Math.min(HISTORY_MS / 1000, Math.max(60, known));

/** Returns the samples with `undefined` where some are missing. */
function withGaps(samples: readonly Sample[]): (Sample | undefined)[] {
  return samples.flatMap((sample, i) => {
    const previous = samples[i - 1];
    return previous !== undefined && sample.at - previous.at > GAP_MS ? [undefined, sample] : [sample];
  });
}

function options(
  latest: { current: Parameters<typeof Chart>[0] },
  shown: { current: readonly (Sample | undefined)[] },
): Omit<uPlot.Options, 'width' | 'height'> {
  const colours = palette();
  const { lines, bare = false, binary = false } = latest.current;
  const font = `11px ${colours.font}`;
  return {
    legend: { show: false },
    padding: [8, 2, 8, bare ? 2 : 0],
    cursor: {
      y: false,
      drag: { x: false, y: false },
      points: { size: 7, width: 2, stroke: colours.accent, fill: colours.card },
      sync: { key: 'page' },
    },
    hooks: {
      setCursor: [({ cursor }) => latest.current.onPoint?.(cursor.idx == null ? undefined : shown.current[cursor.idx])],
    },
    scales: {
      x: {
        time: true,
        range: (_, oldest, newest) => (newest == null ? [0, 1] : [newest - shownSeconds(newest - oldest), newest]),
      },
      y: { range: (_, __, most) => [0, Math.max(latest.current.least, (most ?? 0) * 1.08)] },
    },
    axes: [
      { show: false },
      {
        show: !bare,
        size: 54,
        ...(binary && { incrs: POWERS_OF_TWO }),
        font,
        gap: 6,
        space: 28,
        stroke: colours.muted,
        grid: { stroke: colours.track, width: 1 },
        ticks: { show: false },
        values: (_, splits) => splits.map((value) => latest.current.format(value)),
      },
    ],
    series: [
      {},
      ...lines.map(({ main }) => ({
        stroke: main ? colours.accent : colours.muted,
        width: main ? 1.75 : 1.25,
        ...(main ? { fill: `${colours.accent}1f` } : { dash: [3, 3] }),
        points: { show: false },
        spanGaps: false,
      })),
    ],
  };
}
