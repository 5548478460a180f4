import * as echarts from 'echarts';
import { type Key, MEASURES, type Measure } from './figures.js';
import { describeMachine } from './machine.js';
import type { Results } from './results.js';

/** In pixels. */
const WIDTH = 1200;
const LEFT = 70;
const FIRST_ROW = 140;
const ROW = 290;
const PANEL_HEIGHT = 180;

const COLOURS = ['#c2410c', '#f59e0b', '#1d4ed8', '#15803d', '#7e22ce', '#0891b2'];

/** One diagram: figures side by side. */
interface Panel {
  readonly title: string;
  readonly unit: string;
  /** Which figures it shows. */
  readonly where: Partial<Key>;
  readonly measures: readonly Measure[];
  /** What distinguishes them. */
  readonly label: (figure: Key) => string;
  /** Lines on a logarithmic axis, instead of bars. */
  readonly isLogarithmic?: boolean;
}

const COSTS = { unit: 'µs', measures: ['cpu'] } as const;
const PLACES = { label: ({ what, at }: Key) => `${what},\n${at}` };
const OPERATIONS = { ...COSTS, label: ({ what }: Key) => what.replace(', ', ',\n') };
const SIZES = { ...COSTS, label: ({ at }: Key) => at };
const LATENCIES = {
  unit: 'ms',
  measures: ['p50', 'p99', 'p999', 'max'],
  label: ({ measure }: Key) => MEASURES[measure].title.replace(', ms', ''),
  isLogarithmic: true,
} as const;

// biome-ignore format: a table
const PANELS: readonly Panel[] = [
  { title: 'CPU of the server per operation, one at a time', ...OPERATIONS, where: { part: 'operations', at: 'depth 1' } },
  { title: 'CPU of the server per operation, 16 at a time', ...OPERATIONS, where: { part: 'operations', at: 'depth 16' } },
  { title: 'CPU of the server per operation, 64 at a time', ...OPERATIONS, where: { part: 'operations', at: 'depth 64' } },
  { title: 'CPU of the server per operation, at a fixed rate', ...COSTS, ...PLACES, where: { part: 'rates' } },
  { title: 'Memory', unit: 'bytes per session', measures: ['bytes'], ...PLACES, where: { part: 'memory' } },
  { title: 'Events after the deadline', ...LATENCIES, where: { part: 'lateness', what: 'expired event', at: 'alone' } },
  { title: 'Latency at 20,000 operations a second', ...LATENCIES, where: { part: 'tail', what: 'login and read' } },
  { title: 'CPU per read, by the number of sessions', ...SIZES, where: { part: 'growth', what: 'read, by sessions' } },
  { title: 'CPU per read, by the keys of one session', ...SIZES, where: { part: 'growth', what: 'read, by keys' } },
  { title: 'CPU per write, by the keys of one session', ...SIZES, where: { part: 'growth', what: 'write, by keys' } },
  { title: 'Restart with a journal', unit: 's', measures: ['seconds'], ...PLACES, where: { part: 'journal', what: 'restart' } },
];

/** Draws the results as one SVG, with a panel in each row. */
export function plot({ figures, subjects, peers, machine, respite }: Results): string {
  const chart = echarts.init(null, null, {
    renderer: 'svg',
    ssr: true,
    width: WIDTH,
    height: FIRST_ROW + PANELS.length * ROW,
  });
  const servers = [...subjects, ...peers];
  const panels = PANELS.map(({ where, measures, ...panel }, index) => {
    const isShown = (figure: Key) =>
      measures.includes(figure.measure) &&
      Object.entries(where).every(([key, value]) => figure[key as keyof Key] === value);
    return { ...panel, index, top: FIRST_ROW + index * ROW, shown: figures.filter(isShown) };
  });
  const heading = `respite ${respite} beside ${peers.join(', ')}`;
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    color: COLOURS,
    legend: { data: servers, top: 56, left: 'center', itemGap: 40 },
    title: [
      { text: heading, subtext: describeMachine(machine), left: 'center', top: 4 },
      ...panels.map(({ title, top }) => ({ text: title, left: LEFT, top: top - 54, textStyle: { fontSize: 14 } })),
    ],
    grid: panels.map(({ top }) => ({ left: LEFT, top, width: WIDTH - 2 * LEFT, height: PANEL_HEIGHT })),
    xAxis: panels.map(({ shown, label, index }) => ({
      type: 'category',
      data: shown.map(label),
      gridIndex: index,
      axisLabel: { interval: 0 },
    })),
    yAxis: panels.map(({ unit, isLogarithmic, index }) => ({
      type: isLogarithmic ? 'log' : 'value',
      name: unit,
      nameTextStyle: { align: 'left' },
      gridIndex: index,
    })),
    series: panels.flatMap(({ shown, isLogarithmic, index }) =>
      servers.map((name, number) => ({
        name,
        // Bars would start at 1 ms, wherever that is on a logarithmic axis.
        type: isLogarithmic ? 'line' : 'bar',
        data: shown.map((figure) => figure.servers[name]?.[0] ?? null),
        xAxisIndex: index,
        yAxisIndex: index,
        itemStyle: { color: COLOURS[number % COLOURS.length] },
      })),
    ),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${svg}\n`;
}
