import { configDefaults, defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** These tests measure real time. Other tests would disturb them. */
const ALONE = [
  'test/e2e/expiry.test.ts',
  'test/engine/time/clock.test.ts',
  'test/execution/transaction-memory.test.ts',
];

/** These tests say little about the version of Node.js: `.ci/run` leaves them out with the newest one. */
const ONCE = [
  'test/architecture.test.ts',
  'test/bench/**/*.test.ts',
  'test/differential/**/*.test.ts',
  'test/docs/**/*.test.ts',
  'test/e2e/memory.test.ts',
  'test/e2e/prometheus.test.ts',
  'test/ecosystems/**/*.test.ts',
  'test/metrics/**/*.test.ts',
  'test/packages/**/*.test.ts',
  'test/page/**/*.test.ts',
  'test/readme.test.ts',
  'test/store/valkey-primary.test.ts',
];

/**
 * These tests take longest, mostly because they wait. They start first, so that none of them is left over at the end
 * while a core is idle, and those that keep a core busy in between.
 */
const FIRST = [
  'test/store/valkey-cluster.test.ts',
  'test/packages/image.test.ts',
  'test/store/valkey-primary.test.ts',
  'test/page/page.test.ts',
  'test/docs/documents.test.ts',
  'test/ecosystems/ecosystems.test.ts',
  'test/store/valkey/failover.test.ts',
  'test/e2e/memory.test.ts',
  'test/e2e/store.test.ts',
  'test/e2e/program.test.ts',
  'test/store/valkey/processes.test.ts',
  'test/store/valkey/stream.test.ts',
  'test/e2e/store-partition.test.ts',
  'test/e2e/prometheus.test.ts',
  'test/e2e/durability/disk-full.test.ts',
  'test/server/durable-keys.test.ts',
  'test/http/hostile.test.ts',
  'test/store/valkey/subscriptions.test.ts',
  'test/http/health-command.test.ts',
  'test/e2e/demo.test.ts',
];

/** These tests replace modules or measure memory, so each has a process of its own. The others share one per worker. */
const ISOLATED = [
  'test/config-file/config-file.test.ts',
  'test/engine/memory/*.test.ts',
  'test/resp/request-decoder.test.ts',
  'test/server/auth-throttle.test.ts',
  'test/server/read-buffer-trial.test.ts',
];

/** These tests exercise the wire, so they run with and without the shared read buffer. */
const WIRE = ['closing', 'end-many', 'limits', 'pubsub', 'read-buffer', 'turns'].map(
  (it) => `test/server/${it}.test.ts`,
);

const SETUP = ['test/kill-children.ts', 'test/seed-properties.ts'];
const SMALL_REGIONS = 'test/small-regions.ts';

/** The tests that take longest wait for real servers most of the time, so there are more than a small machine has cores. */
const WORKERS = 5;

/** Starts the tests in `FIRST` first, in that order. */
class FirstThings extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const index = FIRST.findIndex((file) => moduleId.endsWith(file));
      return index < 0 ? FIRST.length : index;
    };
    return (await super.sort(files)).sort((a, b) => place(a) - place(b));
  }
}

export default defineConfig({
  test: {
    // End-to-end tests start the built program.
    globalSetup: 'test/build.ts',
    setupFiles: SETUP,
    // Guards against hanging, not expectations: a machine may be slow and busy.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    sequence: { sequencer: FirstThings },
    projects: [
      {
        extends: true,
        test: {
          name: 'together',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...ALONE, ...ISOLATED, ...ONCE, ...WIRE],
          setupFiles: [...SETUP, SMALL_REGIONS],
          isolate: false,
          maxWorkers: WORKERS,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'isolated', include: ISOLATED, maxWorkers: WORKERS, sequence: { groupOrder: 0 } },
      },
      {
        extends: true,
        test: { name: 'once', include: ONCE, maxWorkers: WORKERS, sequence: { groupOrder: 0 } },
      },
      {
        extends: true,
        test: {
          name: 'with the read buffer',
          include: WIRE,
          setupFiles: [...SETUP, SMALL_REGIONS],
          isolate: false,
          maxWorkers: WORKERS,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'without the read buffer',
          include: WIRE,
          setupFiles: [...SETUP, SMALL_REGIONS, 'test/without-read-buffer.ts'],
          maxWorkers: WORKERS,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'alone', include: ALONE, fileParallelism: false, maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
