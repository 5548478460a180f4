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
  readonly isWide?: boolean;
  /** Lines on a logarithmic axis, instead of bars. */
  readonly isLogarithmic?: boolean;
}

const LATENCIES = {
  unit: 'ms',
  measures: ['p50', 'p99', 'p999', 'max'],
  label: ({ measure }) => MEASURES[measure].title.replace(', ms', ''),
  isLogarithmic: true,
} as const satisfies Partial<Panel>;
const COSTS = { unit: 'µs', measures: ['cpu'] } as const;
const SIZES = { ...COSTS, label: ({ at }: Key) => at };
const PLACES = { label: ({ what, at }: Key) => `${what},\n${at}` };
const OPERATIONS = {
  ...COSTS,
  label: ({ what }: Key) => what.replaceAll(' ', '\n').replace('with\n', 'with ').replace('log\nout', 'log out'),
  isWide: true,
};

// biome-ignore format: a table
const PANELS: readonly Panel[] = [
  { title: 'CPU of the server per operation, one at a time', ...OPERATIONS, where: { part: 'operations', at: 'depth 1' } },
  { title: 'CPU of the server per operation, 16 at a time', ...OPERATIONS, where: { part: 'operations', at: 'depth 16' } },
  { title: 'CPU of the server per operation, 64 at a time', ...OPERATIONS, where: { part: 'operations', at: 'depth 64' } },
  { title: 'CPU of the server per operation, at a fixed rate', ...COSTS, ...PLACES, where: { part: 'rates' }, isWide: true },
  { title: 'Memory', unit: 'bytes per session', measures: ['bytes'], ...PLACES, where: { part: 'memory' }, isWide: true },
  { title: 'Events after the deadline', ...LATENCIES, where: { part: 'lateness', what: 'expired event', at: 'alone' } },
  { title: 'Latency at 20,000 operations a second', ...LATENCIES, where: { part: 'tail', what: 'login and read' } },
  { title: 'CPU per read, by the number of sessions', ...SIZES, where: { part: 'growth', what: 'read, by sessions' } },
  { title: 'CPU per read, by the keys of one session', ...SIZES, where: { part: 'growth', what: 'read, by keys' } },
  { title: 'CPU per write, by the keys of one session', ...SIZES, where: { part: 'growth', what: 'write, by keys' } },
  { title: 'Restart with a journal', unit: 's', measures: ['seconds'], ...PLACES, where: { part: 'journal', what: 'restart' } },
];

/** Draws the results as one SVG. */
export function plot({ figures, subjects, peers, machine, respite }: Results): string {
  const places = placesOf(PANELS);
  const height = FIRST_ROW + (Math.max(...places.map(({ row }) => row)) + 1) * ROW;
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height });
  const servers = [...subjects, ...peers];
  const shown = PANELS.map(({ where, measures }) =>
    figures.filter(
      (figure) =>
        measures.includes(figure.measure) &&
        Object.entries(where).every(([key, value]) => figure[key as keyof Key] === value),
    ),
  );
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    color: COLOURS,
    legend: { data: servers, top: 56, left: 'center', itemGap: 40 },
    title: [
      {
        text: `respite ${respite} beside ${peers.join(', ')}`,
        subtext: describeMachine(machine),
        left: 'center',
        top: 4,
      },
      ...PANELS.map(({ title }, index) => ({
        text: title,
        left: places[index].left,
        top: places[index].top - 54,
        textStyle: { fontSize: 14 },
      })),
    ],
    grid: places.map(({ left, top, width }) => ({ left, top, width, height: PANEL_HEIGHT })),
    xAxis: PANELS.map(({ label }, index) => ({
      type: 'category',
      data: shown[index].map(label),
      gridIndex: index,
      axisLabel: { interval: 0 },
    })),
    yAxis: PANELS.map(({ unit, isLogarithmic }, index) => ({
      type: isLogarithmic ? 'log' : 'value',
      name: unit,
      nameTextStyle: { align: 'left' },
      gridIndex: index,
    })),
    series: PANELS.flatMap(({ isLogarithmic }, index) =>
      servers.map((name, number) => ({
        name,
        // Bars would start at 1 ms, wherever that is on a logarithmic axis.
        type: isLogarithmic ? 'line' : 'bar',
        data: shown[index].map((figure) => figure.servers[name]?.[0] ?? null),
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

/** Arranges panels in rows of one wide or two narrow ones. */
function placesOf(panels: readonly Panel[]) {
  const half = (WIDTH - 3 * LEFT) / 2;
  let row = 0;
  let column = 0;
  return panels.map(({ isWide }) => {
    const place = { row, left: LEFT + column * (half + LEFT), top: FIRST_ROW + row * ROW, width: half };
    column = isWide ? 0 : 1 - column;
    if (column === 0) row++;
    return isWide ? { ...place, width: WIDTH - 2 * LEFT } : place;
  });
}
