import type { ComponentChildren } from 'preact';
import { useId, useState } from 'preact/hooks';
import type { Sample } from '../feed/sample.js';
import { timeOfDay } from '../format/time.js';
import { Chart, type Line } from './chart.js';

/** A figure with its chart, and with further facts below. */
export function GraphCard(props: {
  title: string;
  /** What the figure counts. */
  unit: string;
  /** Must not change. */
  lines: readonly Line[];
  /** The current value. */
  value: number | undefined;
  format: (value: number) => string;
  least: number;
  bare?: boolean;
  binary?: boolean;
  samples: readonly Sample[];
  theme: string;
  children?: ComponentChildren;
}) {
  const { title, unit, lines, value, format, children, ...chart } = props;
  const [pointed, setPointed] = useState<Sample>();
  const [line] = lines;
  const shown = pointed === undefined ? value : line?.of(pointed);
  const text = shown === undefined ? '–' : format(shown);
  const id = useId();
  return (
    <section class="card graph" aria-labelledby={id}>
      <div class="card-bar">
        <h2 id={id}>{title}</h2>
        <span class="muted">{pointed === undefined ? unit : timeOfDay(pointed.at)}</span>
      </div>
      <p class="figure">{text}</p>
      <Chart
        {...chart}
        lines={lines}
        format={format}
        label={`${title}: ${value === undefined ? 'none' : format(value)}, ${unit}`}
        onPoint={setPointed}
      />
      {children}
    </section>
  );
}
