import { defineConfig } from 'vitest/config';

/** These tests measure real time, or fill hundreds of megabytes of memory. Other tests would disturb them. */
const ALONE = [
  'test/e2e/expiry.test.ts',
  'test/engine/time/clock.test.ts',
  'test/execution/transaction-memory.test.ts',
];

/** This one measures memory too, and takes a minute. */
const LONG_ALONE = ['test/e2e/memory.test.ts'];

/** These tests take long, and say little about the version of Node.js: `.ci/run` leaves them out with the newest one. */
const LONG = [
  'test/docs/documents.test.ts',
  'test/packages/image.test.ts',
  'test/page/page.test.ts',
  'test/store/valkey-cluster.test.ts',
  'test/store/valkey-primary.test.ts',
];

/** These tests exercise the wire, so they run with and without the shared read buffer. */
const WIRE = ['closing', 'end-many', 'limits', 'pubsub', 'read-buffer', 'turns'].map(
  (it) => `test/server/${it}.test.ts`,
);

const SETUP = ['test/kill-children.ts', 'test/seed-properties.ts'];

/** Many tests wait for real servers most of the time, so there is one more than a small machine has cores. */
const WORKERS = 3;

export default defineConfig({
  test: {
    // End-to-end tests start the built program.
    globalSetup: 'test/build.ts',
    setupFiles: SETUP,
    // Guards against hanging, not expectations: a machine may be slow and busy.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'together',
          include: ['test/**/*.test.ts'],
          exclude: [...ALONE, ...LONG_ALONE, ...LONG, ...WIRE],
          maxWorkers: WORKERS,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'long', include: LONG, maxWorkers: WORKERS, sequence: { groupOrder: 0 } },
      },
      {
        extends: true,
        test: {
          name: 'with the read buffer',
          include: WIRE,
          maxWorkers: WORKERS,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'without the read buffer',
          include: WIRE,
          setupFiles: [...SETUP, 'test/without-read-buffer.ts'],
          maxWorkers: WORKERS,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'alone', include: ALONE, fileParallelism: false, maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
      {
        extends: true,
        test: {
          name: 'long, alone',
          include: LONG_ALONE,
          fileParallelism: false,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
