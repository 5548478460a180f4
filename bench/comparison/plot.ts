import * as echarts from 'echarts';
import { ACTS } from './acts.js';
import { formatEnvironment } from './environment.js';
import type { Findings, GrowthFindings } from './findings.js';
import { DEPTHS } from './plan.js';
import type { Results } from './results.js';
import { median } from './statistics.js';

/** In pixels. */
const WIDTH = 1200;
const HEIGHT = 1340;
const COLUMN = { left: 70, width: 480 };
const SECOND_COLUMN = { left: 680, width: 480 };
const PANEL_HEIGHT = 200;
const FIRST_ROW = 130;
const ROW = 310;

const COLOURS = ['#c2410c', '#1d4ed8', '#15803d', '#7e22ce', '#a16207'];

/** One diagram of the picture. */
interface Panel {
  readonly title: string;
  readonly x: {
    readonly name: string;
    readonly type: 'category' | 'log';
    readonly data?: readonly string[];
    readonly min?: number;
  };
  readonly y: { readonly name: string; readonly type: 'value' | 'log' };
  readonly kind: 'bar' | 'line';
  /** By server: values by category, or points. */
  readonly series: Readonly<Record<string, readonly (number | readonly [number, number])[]>>;
}

/** Draws the findings as one SVG. */
export function plot({ findings, environment }: Results): string {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height: HEIGHT });
  const panels = panelsOf(findings);
  const servers = [...new Set(panels.flatMap(({ series }) => Object.keys(series)))];
  const place = (index: number) => ({
    ...(index % 2 === 0 ? COLUMN : SECOND_COLUMN),
    top: FIRST_ROW + Math.floor(index / 2) * ROW,
    height: PANEL_HEIGHT,
  });
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    color: COLOURS,
    legend: { data: servers, top: 52, left: 'center' },
    title: [
      { text: 'respite compared with Redis', subtext: formatEnvironment(environment), left: 'center', top: 4 },
      ...panels.map(({ title }, index) => ({
        text: title,
        left: place(index).left,
        top: place(index).top - 54,
        textStyle: { fontSize: 14 },
      })),
    ],
    grid: panels.map((_, index) => place(index)),
    xAxis: panels.map(({ x }, index) => ({
      ...x,
      gridIndex: index,
      nameLocation: 'middle',
      nameGap: 28,
      axisLabel: { hideOverlap: false, interval: 0, ...(x.type === 'log' ? { formatter: short } : {}) },
    })),
    yAxis: panels.map(({ y }, index) => ({ ...y, gridIndex: index, nameTextStyle: { align: 'left' } })),
    series: panels.flatMap(({ kind, series }, index) =>
      Object.entries(series).map(([name, data]) => ({
        name,
        type: kind,
        data,
        xAxisIndex: index,
        yAxisIndex: index,
        itemStyle: { color: COLOURS[servers.indexOf(name) % COLOURS.length] },
      })),
    ),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${svg}\n`;
}

function panelsOf(findings: Findings): Panel[] {
  const cpu = DEPTHS.map((depth): Panel => {
    const acts = findings.acts.filter((found) => found.depth === depth);
    return {
      title: `Server CPU per operation, ${depth === 1 ? 'one request at a time' : `${depth} at a time`}`,
      x: { name: '', type: 'category', data: ACTS.map(({ name }) => name.replace(', ', ',\n').replace(' ', '\n')) },
      y: { name: 'µs', type: 'value' },
      kind: 'bar',
      series: collect(
        acts.map(({ servers }) => servers),
        (rounds) => median(rounds.flatMap(({ cpu }) => cpu ?? [])),
      ),
    };
  });
  const memory: Panel = {
    title: `Memory, ${short(findings.memory[0]?.sessions ?? 0)} sessions`,
    x: { name: '', type: 'category', data: ['one name', 'a name for each'] },
    y: { name: 'bytes per session', type: 'value' },
    kind: 'bar',
    series: collect(
      findings.memory.map(({ servers }) => servers),
      (rounds, index) => median(rounds) / findings.memory[index].sessions,
    ),
  };
  const tail: Panel = {
    title: 'Latency at 20,000 operations a second, from the due time',
    x: { name: '', type: 'category', data: ['p50', 'p99', 'p99.9', 'max'] },
    y: { name: 'ms', type: 'log' },
    // Bars would start at 1 ms, wherever that is on a logarithmic axis.
    kind: 'line',
    series: Object.fromEntries(
      Object.entries(findings.tail).map(([server, rounds]) => [
        server,
        (['p50', 'p99', 'p999', 'max'] as const).map((at) => median(rounds.map(({ latency }) => latency[at])) / 1000),
      ]),
    ),
  };
  return [
    ...cpu,
    memory,
    tail,
    growthPanel(findings.growth, 'sessions', 'read', 'Server CPU per read, by the number of sessions'),
    growthPanel(findings.growth, 'keys', 'read', 'Server CPU per read, by the keys of one session'),
    growthPanel(findings.growth, 'keys', 'write', 'Server CPU per write, by the keys of one session'),
  ];
}

function growthPanel(
  growth: readonly GrowthFindings[],
  of: GrowthFindings['of'],
  verb: GrowthFindings['verb'],
  title: string,
): Panel {
  const sizes = growth.filter((found) => found.of === of && found.verb === verb);
  return {
    title,
    x: { name: of, type: 'log', min: sizes[0]?.size ?? 1 },
    y: { name: 'µs', type: 'value' },
    kind: 'line',
    series: collect(
      sizes.map(({ servers }) => servers),
      (rounds, index) => [sizes[index].size, median(rounds)] as const,
    ),
  };
}

/** Returns one series per server, with its value at each place. */
function collect<Round, Value>(
  places: readonly Readonly<Record<string, readonly Round[]>>[],
  value: (rounds: readonly Round[], place: number) => Value,
): Record<string, Value[]> {
  const servers = Object.keys(places[0] ?? {});
  return Object.fromEntries(
    servers.map((server) => [server, places.map((place, index) => value(place[server], index))]),
  );
}

function short(number: number): string {
  if (number >= 1_000_000) return `${number / 1_000_000} M`;
  return number >= 1_000 ? `${number / 1_000} k` : String(number);
}
