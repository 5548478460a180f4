import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../journal/temporary-directory.js';
import { isThere, run, Tool, works } from '../tools/external-tool.js';
import { freePort } from '../tools/free-port.js';
import { Metrics } from '../tools/metrics.js';
import { Program } from '../tools/program.js';

const there = isThere('prometheus', 'prometheus', works('prometheus', '--version') && works('promtool', '--version'));

const root = fileURLToPath(new URL('../../', import.meta.url));
const DASHBOARD = join(root, 'contrib/grafana/respite.json');
const ALERTS = join(root, 'contrib/prometheus/alerts.yaml');

/** What the tests read of a panel. */
interface Panel {
  readonly targets?: readonly { readonly expr: string }[];
}

const { panels } = JSON.parse(readFileSync(DASHBOARD, 'utf8')) as { panels: readonly Panel[] };

/** The answer of Prometheus to a query. */
type Found = { readonly metric: Record<string, string>; readonly value: readonly [time: number, value: string] }[];

/** The queries of the dashboard, with values in place of Grafana's variables. */
const queries = panels.flatMap(({ targets = [] }) =>
  targets.map(({ expr }) => expr.replaceAll('$instance', 'x').replaceAll('$__rate_interval', '1m')),
);

describe('metrics of the program', () => {
  let program: Program;
  let httpPort: number;
  let text: string;
  beforeAll(async () => {
    httpPort = await freePort();
    program = await Program.start([
      '--http-port',
      String(httpPort),
      '--appendonly',
      'yes',
      '--dir',
      temporaryDirectory(),
    ]);
    const redis = program.client();
    await redis.call('SESSION.NEW', ['user:1', '3600']);
    await redis.call('SESSION.GET', ['nope', 'x']).catch(() => {});
    text = await (await fetch(`http://127.0.0.1:${httpPort}/metrics`)).text();
  });
  afterAll(() => program.stop());

  /** Expects the program to have the metrics of a query, with the labels that it selects by. */
  function expectKnown(expr: string): void {
    const { types, series } = new Metrics(text);
    for (const [, name, selector = ''] of expr.matchAll(/\b(respite_\w+)(?:\{([^}]*)\})?/g)) {
      const metric = Metrics.metricOf(name, types);
      expect([...types.keys()], expr).toContain(metric);
      const known = [...series.keys()].filter((one) => Metrics.metricOf(one, types) === metric).join('\n');
      for (const [, label] of selector.matchAll(/(\w+)\s*=/g)) {
        if (!['instance', 'job'].includes(label)) expect(known, expr).toContain(`${label}="`);
      }
    }
  }

  it('every query of the dashboard and of the alerts asks for metrics that exist', () => {
    expect(queries.length).toBeGreaterThan(40);
    for (const expr of queries) {
      expect(expr).toMatch(/respite_/);
      expectKnown(expr);
    }
    const rules = [...readFileSync(ALERTS, 'utf8').matchAll(/expr: (.*?)\n +(?:for|labels):/gs)].map(
      ([, expr]) => expr,
    );
    expect(rules).toHaveLength(8);
    for (const expr of rules) expectKnown(expr);
  });

  it('the dashboard shows all metrics but a few', () => {
    const shown = queries.join('\n');
    const { types } = new Metrics(text);
    const hidden = [...types.keys()].filter((name) => !shown.includes(name));
    expect(hidden.sort()).toEqual([
      'respite_event_stream_appended_total',
      'respite_event_stream_entries',
      'respite_event_stream_groups',
      'respite_event_stream_lag',
      'respite_event_stream_lost_total',
      'respite_event_stream_pending',
      'respite_journal_compacting',
      'respite_journal_enabled',
      'respite_journal_last_error_timestamp_seconds',
      'respite_journal_unsaved_changes',
      'respite_ready_check',
      'respite_save_last_success_timestamp_seconds',
      'respite_session_keys_expired_total',
      'respite_session_timed_keys',
      'respite_shape_saved_bytes',
      'respite_store_call_seconds_total',
      'respite_store_calls_total',
      'respite_store_enabled',
      'respite_store_failed_calls_total',
      'respite_store_failed_forwarding_calls_total',
      'respite_store_forwarded_events_total',
      'respite_store_forwarding_lag_seconds',
      'respite_store_nodes',
      'respite_store_owned_partitions',
      'respite_store_partitions',
      'respite_store_processes',
      'respite_store_reachable',
      'respite_webhook_dead_letters_total',
      'respite_webhook_delivered_events_total',
      'respite_webhook_failed_requests_total',
      'respite_webhook_lag_seconds',
      'respite_webhook_last_success_timestamp_seconds',
      'respite_webhook_requests_in_flight',
      'respite_webhook_requests_total',
      'respite_webhook_up',
      'respite_webhook_waiting_events',
    ]);
  });

  it('each alert says what is wrong, what to do, and where the documentation is', () => {
    const rules = readFileSync(ALERTS, 'utf8').split('- alert: ').slice(1);
    const documented = readFileSync(join(root, 'docs/metrics.md'), 'utf8');
    for (const rule of rules) {
      const name = rule.slice(0, rule.indexOf('\n'));
      expect(rule).toMatch(/\n +severity: (?:critical|warning)\n/);
      expect(rule).toMatch(/\n +summary: .*\{\{ \$labels\.instance \}\}/);
      expect(rule).toMatch(/\n +description: >-\n +[A-Z]/);
      expect(rule).toContain(` docs: docs/metrics.md#${name.toLowerCase()}\n`);
      expect(documented).toContain(`\n### ${name}\n`);
    }
    expect(rules.length).toBe(documented.match(/^### Respite/gm)?.length);
  });

  describe.skipIf(!there)('with the tools of Prometheus', () => {
    it('promtool finds nothing wrong with them', async () => {
      expect(await run('promtool', ['check', 'metrics'], { input: text })).toBe('');
    });

    it('promtool finds nothing wrong with the alerts, which fire when they should', async () => {
      expect(await run('promtool', ['check', 'rules', ALERTS])).toContain('SUCCESS: 8 rules found');
      const tests = join(root, 'test/metrics/alerts.yaml');
      expect(await run('promtool', ['test', 'rules', tests])).toContain('SUCCESS');
    });

    it('promtool accepts the configuration in the documentation', async () => {
      const [, config] = /^```yaml.*?\n(.*?)^```/ms.exec(readFileSync(join(root, 'docs/metrics.md'), 'utf8')) ?? [];
      const dir = temporaryDirectory();
      writeFileSync(join(dir, 'prometheus.yml'), config);
      copyFileSync(ALERTS, join(dir, 'alerts.yaml'));
      const checked = await run('promtool', ['check', 'config', '--syntax-only', join(dir, 'prometheus.yml')]);
      expect(checked).toContain('SUCCESS');
    });

    it('promtool understands every query of the dashboard', async () => {
      const rules = queries.map((expr, i) => ({ record: `query${i}`, expr }));
      const file = join(temporaryDirectory(), 'queries.yaml');
      // JSON is YAML, too.
      writeFileSync(file, JSON.stringify({ groups: [{ name: 'dashboard', rules }] }));
      expect(await run('promtool', ['check', 'rules', file])).toContain(`SUCCESS: ${rules.length} rules found`);
    });

    it('Prometheus reads them, and answers queries about them', async () => {
      const dir = temporaryDirectory();
      const port = await freePort();
      const config = {
        global: { scrape_interval: '1s' },
        rule_files: [ALERTS],
        scrape_configs: [{ job_name: 'respite', static_configs: [{ targets: [`127.0.0.1:${httpPort}`] }] }],
      };
      writeFileSync(join(dir, 'prometheus.yml'), JSON.stringify(config));
      const prometheus = new Tool('prometheus', [
        `--config.file=${join(dir, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(dir, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ]);
      const query = async (expr: string, time = ''): Promise<Found> => {
        const asked = new URLSearchParams({ query: expr, time });
        const response = await fetch(`http://127.0.0.1:${port}/api/v1/query?${asked}`);
        const { status, data } = (await response.json()) as { status: string; data: { result: Found } };
        expect(status).toBe('success');
        return data.result;
      };
      try {
        await prometheus.until(/Server is ready to receive web requests/);
        let up: Found = [];
        while (up.length === 0) up = await query('up == 1');
        expect(up[0].metric).toMatchObject({ job: 'respite', instance: `127.0.0.1:${httpPort}` });
        // As of then: on a busy machine a later scrape may time out.
        const answer = async (expr: string) => (await query(expr, String(up[0].value[0])))[0]?.value[1];
        expect(await answer('respite_sessions')).toBe('1');
        expect(await answer('respite_sessions_created_total')).toBe('1');
        expect(await answer('respite_errors_total{code="NOSESSION"}')).toBe('1');
        expect(await answer('respite_command_duration_seconds_count{command="session.new"}')).toBe('1');
        // Prometheus took what it read for histograms: it can compute a quantile.
        const quantile = 'histogram_quantile(0.99, respite_command_duration_seconds_bucket{command="session.new"})';
        expect(Number(await answer(quantile))).toBeGreaterThan(0);
        expect(prometheus.output).not.toMatch(/ingest|append failed/i);
      } finally {
        await prometheus.stop();
      }
    });
  });
});
