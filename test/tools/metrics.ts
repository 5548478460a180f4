/** The answer to GET /metrics. */
export class Metrics {
  /** The type of each metric. */
  readonly types: ReadonlyMap<string, string>;
  /** The values by series: a name with its labels, as written. */
  readonly series: ReadonlyMap<string, number>;

  constructor(text: string) {
    const lines = text.split('\n').filter((line) => line !== '');
    this.types = new Map(
      lines
        .filter((line) => line.startsWith('# TYPE '))
        .map((line): [string, string] => [line.split(' ')[2], line.split(' ')[3]]),
    );
    this.series = new Map(
      lines
        .filter((line) => !line.startsWith('#'))
        .map((line): [string, number] => {
          const space = line.lastIndexOf(' ');
          return [line.slice(0, space), Number(line.slice(space + 1))];
        }),
    );
  }

  /** @throws Error if there is no such series. */
  value(series: string): number {
    const value = this.series.get(series);
    if (value === undefined) throw new Error(`there is no ${series}`);
    return value;
  }

  /** The metric that a series belongs to. */
  static metricOf(series: string, types: ReadonlyMap<string, string>): string {
    const [name] = series.split('{');
    const base = name.replace(/_(bucket|sum|count)$/, '');
    return types.get(base) === 'histogram' ? base : name;
  }
}
