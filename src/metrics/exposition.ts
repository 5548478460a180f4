import { Registry, type RegistryContentType, type Metric as RegistryMetric } from 'prom-client';
import type { HistogramSample, Metric, Sample } from './metric.js';
import { type MetricSource, type Scrape, scrape } from './scrape.js';
import { METRIC_GROUPS } from './table.js';

/** The two formats that Prometheus and its like read. */
type MetricsFormat = 'prometheus' | 'openmetrics';

/** The content type of each format. */
export const CONTENT_TYPES = {
  prometheus: Registry.PROMETHEUS_CONTENT_TYPE,
  openmetrics: Registry.OPENMETRICS_CONTENT_TYPE,
} as const;

/** Writes all metrics as text. Values are read when they are asked for. Otherwise this costs nothing. */
export class Exposition {
  readonly #source: MetricSource;
  /** One registry for each format, because writing OpenMetrics changes the names of a registry's counters for good. */
  readonly #registries: Record<MetricsFormat, Registry<RegistryContentType>>;
  #scrape: Scrape;

  constructor(source: MetricSource) {
    this.#source = source;
    this.#scrape = scrape(source);
    this.#registries = { prometheus: this.#registry('prometheus'), openmetrics: this.#registry('openmetrics') };
  }

  async text(format: MetricsFormat): Promise<string> {
    this.#scrape = scrape(this.#source);
    return this.#registries[format].metrics();
  }

  #registry(format: MetricsFormat): Registry<RegistryContentType> {
    const registry = new Registry<RegistryContentType>();
    registry.setContentType(CONTENT_TYPES[format]);
    for (const { metrics } of METRIC_GROUPS) {
      for (const metric of metrics) registry.registerMetric(this.#readWhenAsked(metric));
    }
    return registry;
  }

  /** Returns what a registry needs of a metric. Its own classes would keep a copy of each value. */
  #readWhenAsked(metric: Metric): RegistryMetric {
    const registered = {
      name: metric.name,
      help: metric.help,
      type: metric.type,
      get: () => ({ ...registered, values: linesOf(metric, this.#scrape) }),
    };
    return registered as unknown as RegistryMetric;
  }
}

/**
 * A line of the text, as the registry takes it. Several lines may have the same object of shared labels, which is then
 * written only once, as for the registry's own histograms.
 */
interface Line {
  /** If it is not that of the metric. */
  readonly metricName?: string;
  readonly value: number;
  readonly labels: Labels;
  readonly sharedLabels: Labels;
}

type Labels = Readonly<Record<string, string | number>>;

const NO_LABELS: Labels = {};

function linesOf(metric: Metric, from: Scrape): Line[] {
  if (metric.type === 'histogram') {
    const limits = [...metric.bounds, '+Inf'].map((le): Labels => ({ le }));
    return metric.read(from).flatMap((sample) => histogramLines(metric, sample, limits));
  }
  const read = metric.read(from);
  const samples: readonly Sample[] = typeof read === 'number' ? [[read]] : read;
  return samples.map(([value, ...values]) => ({
    value,
    labels: labelsOf(metric, values),
    sharedLabels: NO_LABELS,
  }));
}

function histogramLines(metric: Metric, { counts, sum, labels }: HistogramSample, limits: readonly Labels[]): Line[] {
  const { name } = metric;
  const sharedLabels = labelsOf(metric, labels);
  const buckets = counts.map((value, i) => ({ metricName: `${name}_bucket`, value, labels: limits[i], sharedLabels }));
  const count = counts[counts.length - 1];
  return [
    ...buckets,
    { metricName: `${name}_sum`, value: sum, labels: NO_LABELS, sharedLabels },
    { metricName: `${name}_count`, value: count, labels: NO_LABELS, sharedLabels },
  ];
}

function labelsOf({ labels = [] }: Metric, values: readonly string[]): Labels {
  return labels.length === 0 ? NO_LABELS : Object.fromEntries(labels.map((label, i) => [label, values[i]]));
}
