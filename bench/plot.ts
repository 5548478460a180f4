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

/** One diagram: the figures that it shows, side by side. */
interface Panel {
  readonly title: string;
  readonly unit: string;
  readonly shows: (key: Key) => boolean;
  /** What the place of a figure is called. */
  readonly label: (key: Key) => string;
  readonly isWide?: boolean;
  /** Lines on logarithmic axes, instead of bars. */
  readonly isLogarithmic?: boolean;
}

const MILLISECONDS: readonly Measure[] = ['p50', 'p99', 'p999', 'max'];

function cpuPanel(at: string, title: string): Panel {
  return {
    title: `CPU of the server per operation, ${title}`,
    unit: 'µs',
    shows: (key) => key.part === 'operations' && key.measure === 'cpu' && key.at === at,
    label: ({ what }) =>
      what
        .replace(', ', ',\n')
        .replace(/^(whole|plain|SET) /, '$1\n')
        .replace(' every', '\nevery'),
    isWide: true,
  };
}

function growthPanel(what: string, title: string): Panel {
  return {
    title,
    unit: 'µs',
    shows: (key) => key.part === 'growth' && key.what === what,
    label: ({ at }) => at,
  };
}

const PANELS: readonly Panel[] = [
  cpuPanel('depth 1', 'one request at a time on each connection'),
  cpuPanel('depth 16', '16 at a time'),
  cpuPanel('depth 64', '64 at a time'),
  {
    title: 'CPU of the server per operation, at a fixed rate',
    unit: 'µs',
    shows: ({ part, measure }) => part === 'rates' && measure === 'cpu',
    label: ({ what, at }) => `${what.replace(', sliding', '')},\n${at}`,
  },
  {
    title: 'Memory',
    unit: 'bytes per session',
    shows: ({ part }) => part === 'memory',
    label: ({ what, at }) => `${what},\n${at}`,
  },
  {
    title: 'Events after the deadline, many sessions due over a minute',
    unit: 'ms',
    shows: ({ part, what, at, measure }) =>
      part === 'lateness' && what === 'expired event' && at === 'alone' && MILLISECONDS.includes(measure),
    label: ({ measure }) => MEASURES[measure].title.replace(', ms', ''),
    isLogarithmic: true,
  },
  {
    title: 'Latency at 20,000 operations a second, from the due time',
    unit: 'ms',
    shows: ({ part, what, measure }) => part === 'tail' && what === 'login and read' && MILLISECONDS.includes(measure),
    label: ({ measure }) => MEASURES[measure].title.replace(', ms', ''),
    isLogarithmic: true,
  },
  growthPanel('read, by sessions', 'CPU per read, by the number of sessions'),
  growthPanel('read, by keys', 'CPU per read, by the keys of one session'),
  growthPanel('write, by keys', 'CPU per write, by the keys of one session'),
  {
    title: 'Restart with a journal',
    unit: 's',
    shows: ({ part, what }) => part === 'journal' && what === 'restart',
    label: ({ at }) => at,
  },
];

/** Draws the results as one SVG. */
export function plot({ figures, subjects, peers, machine, respite }: Results): string {
  const places = placesOf(PANELS);
  const height = FIRST_ROW + (Math.max(...places.map(({ row }) => row)) + 1) * ROW;
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height });
  const servers = [...subjects, ...peers];
  const shown = PANELS.map(({ shows }) => figures.filter(shows));
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    color: COLOURS,
    legend: { data: servers, top: 56, left: 'center' },
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
