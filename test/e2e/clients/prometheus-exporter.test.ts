import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isThere, Tool, works } from '../../tools/external-tool.js';
import { freePort } from '../../tools/free-port.js';
import { Program } from '../../tools/program.js';

const EXPORTER = 'prometheus-redis-exporter';
const there = isThere(EXPORTER, EXPORTER, works(EXPORTER, '-version'));

/** Starts an exporter, scrapes it once and returns its metrics, by name and labels, and its log. */
async function scrape(program: Program, flags: readonly string[], env: Record<string, string> = {}) {
  const address = `127.0.0.1:${await freePort()}`;
  const exporter = new Tool(
    EXPORTER,
    ['-redis.addr', `redis://127.0.0.1:${program.port}`, '-web.listen-address', address, ...flags],
    env,
  );
  await exporter.until(/Providing metrics/);
  // It logs this a moment before it listens.
  let response: Response | undefined;
  while (response === undefined) response = await fetch(`http://${address}/metrics`).catch(() => undefined);
  const text = await response.text();
  await exporter.stop();
  const metrics = new Map(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => {
        const space = line.lastIndexOf(' ');
        return [line.slice(0, space), Number(line.slice(space + 1))];
      }),
  );
  return { metrics, log: exporter.output };
}

function expectNoError({ metrics, log }: Awaited<ReturnType<typeof scrape>>): void {
  expect(metrics.get('redis_up')).toBe(1);
  expect(metrics.get('redis_exporter_last_scrape_error{err=""}')).toBe(0);
  expect(log).not.toMatch(/level=(?!info)/);
}

describe.skipIf(!there)('prometheus-redis-exporter', () => {
  let program: Program;
  beforeAll(async () => {
    program = await Program.start(['--maxmemory', '256mb']);
  });
  afterAll(() => program.stop());

  it('scrapes what has happened', async () => {
    const [redis, subscriber] = [program.client(), program.client()];
    await subscriber.psubscribe('__session__:*');
    await subscriber.subscribe('news', 'weather');
    const create = async (...args: string[]) => (await redis.call('SESSION.NEW', args)) as string;
    const token = await create('user:42', '3600', 'DATA', 'cart', 'pizza');
    await create('basket', 'SHARED', 'DATA', 'a', '1', 'b', '2');
    await redis.call('SESSION.GET', [token, 'cart']);
    await redis.call('SESSION.GET', ['malformed', 'cart']).catch(() => {});
    const expired = new Promise((resolve) => subscriber.once('pmessage', (_, channel) => resolve(channel)));
    await redis.call('SESSION.PEXPIRE', [await create('short'), '1']);
    await redis.call('SESSION.NOPE').catch(() => {});
    await expired;
    for (let left = 3; left > 2; ) left = await redis.dbsize();

    const flags = ['-export-client-list', '-include-config-metrics', '-include-system-metrics'];
    const keys = ['-check-keys', 'db0=bas*', '-count-keys', 'db0=bas*'];
    const scraped = await scrape(program, [...flags, ...keys]);
    expectNoError(scraped);
    const { metrics } = scraped;
    expect(Object.fromEntries(metrics)).toMatchObject({
      redis_connected_clients: 3,
      'redis_db_keys{db="db0"}': 2,
      'redis_db_keys_expiring{db="db0"}': 1,
      redis_expired_keys_total: 1,
      redis_evicted_keys_total: 0,
      redis_keyspace_hits_total: expect.any(Number),
      redis_keyspace_misses_total: expect.any(Number),
      'redis_commands_total{cmd="session.new"}': 3,
      'redis_commands_total{cmd="session.get"}': 2,
      'redis_commands_failed_calls_total{cmd="session.get"}': 1,
      'redis_commands_duration_seconds_total{cmd="session.new"}': expect.any(Number),
      'redis_errors_total{err="NOSESSION"}': 1,
      'redis_errors_total{err="ERR"}': 1,
      redis_memory_max_bytes: 256 * 1024 * 1024,
      redis_pubsub_channels: 2,
      redis_pubsub_patterns: 1,
      redis_slowlog_length: expect.any(Number),
      redis_blocked_clients: 0,
      redis_rejected_connections_total: 0,
      redis_connected_slaves: 0,
      redis_config_maxclients: 10_000,
      'redis_config_value{key="maxclients"}': 10_000,
      'redis_key_size{db="db0",key="basket"}': 2,
      'redis_keys_count{db="db0",key="bas*"}': 1,
    });
    for (const name of [
      'redis_memory_used_bytes',
      'redis_memory_used_rss_bytes',
      'redis_memory_used_peak_bytes',
      'redis_total_system_memory_bytes',
      'redis_commands_processed_total',
      'redis_connections_received_total',
      'redis_net_input_bytes_total',
      'redis_net_output_bytes_total',
      'redis_cpu_user_seconds_total',
      'redis_start_time_seconds',
    ]) {
      expect(metrics.get(name), name).toBeGreaterThan(0);
    }
    const names = [...metrics.keys()];
    expect(names.find((name) => name.startsWith('redis_instance_info'))).toMatch(
      /maxmemory_policy="noeviction",.*redis_mode="standalone",redis_version="7\.[\d.]+",role="master"/,
    );
    expect(names.filter((name) => name.startsWith('redis_connected_clients_details'))).toHaveLength(3);
    expect(names.some((name) => name.startsWith('redis_latency_percentiles_usec'))).toBe(true);
    // Neither the metrics nor the log contains a token.
    expect(names.join('\n') + scraped.log + program.log).not.toContain(token);
  });
});

describe.skipIf(!there)('prometheus-redis-exporter, with a password', () => {
  let program: Program;
  beforeAll(async () => {
    program = await Program.start([], {
      RESPITE_REQUIREPASS: 'correct horse',
      RESPITE_USERS: 'monitoring admin only-looks',
    });
  });
  afterAll(() => program.stop());

  it('authenticates with the password', async () => {
    expectNoError(await scrape(program, [], { REDIS_PASSWORD: 'correct horse' }));
  });

  it('authenticates as a user', async () => {
    expectNoError(await scrape(program, ['-redis.user', 'monitoring'], { REDIS_PASSWORD: 'only-looks' }));
  });

  it('reports the server as down with a wrong password', async () => {
    const { metrics } = await scrape(program, [], { REDIS_PASSWORD: 'wrong' });
    expect(metrics.get('redis_up')).toBe(0);
  });
});
