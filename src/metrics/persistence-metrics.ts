import { DurationHistogram } from '../duration-histogram.js';
import { DURATION_BOUNDS, durationSample } from './histograms.js';
import type { MetricGroup } from './metric.js';

const NOTHING = new DurationHistogram();

/** Without a journal, these metrics are 0. */
export const PERSISTENCE_METRICS: MetricGroup = {
  title: 'Persistence',
  metrics: [
    {
      type: 'gauge',
      name: 'respite_journal_enabled',
      help: '1 if there is a journal (the option appendonly). Otherwise all metrics of the journal are 0.',
      read: ({ server }) => Number(server.durability !== undefined),
    },
    {
      type: 'gauge',
      name: 'respite_journal_failing',
      help: '1 if the journal cannot be written at the moment, so that writes are refused with MISCONF.',
      read: ({ server }) => Number(server.durability?.failure !== undefined),
    },
    {
      type: 'counter',
      name: 'respite_journal_errors_total',
      help: 'Attempts to write or sync the journal that failed.',
      read: ({ journal }) => journal?.activity.errors ?? 0,
    },
    {
      type: 'gauge',
      name: 'respite_journal_last_error_timestamp_seconds',
      help: 'When the latest attempt failed, in unix time. 0 if none has.',
      read: ({ journal, server: { clock } }) => {
        const failedAt = journal?.activity.failedAt ?? -Infinity;
        return failedAt === -Infinity ? 0 : (clock.wall() - (clock.now() - failedAt)) / 1000;
      },
    },
    {
      type: 'gauge',
      name: 'respite_journal_size_bytes',
      help: 'Size of the journal on disk.',
      read: ({ journal }) => journal?.size ?? 0,
    },
    {
      type: 'gauge',
      name: 'respite_journal_base_size_bytes',
      help: 'Size of the journal after its latest compaction.',
      read: ({ journal }) => journal?.baseSize ?? 0,
    },
    {
      type: 'gauge',
      name: 'respite_journal_pending_bytes',
      help: 'Bytes of the journal that are kept in memory until the disk has them.',
      read: ({ journal }) => journal?.pendingBytes ?? 0,
    },
    {
      type: 'gauge',
      name: 'respite_journal_unsaved_changes',
      help: 'Changes that are not on disk as appendfsync requires.',
      read: ({ server }) => server.durability?.unsaved ?? 0,
    },
    {
      type: 'counter',
      name: 'respite_journal_written_bytes_total',
      help: 'Bytes written to the journal, compactions excepted.',
      read: ({ journal }) => journal?.activity.writtenBytes ?? 0,
    },
    {
      type: 'histogram',
      name: 'respite_journal_fsync_duration_seconds',
      help: 'Duration of an fsync of the journal.',
      bounds: DURATION_BOUNDS,
      read: ({ journal }) => [durationSample(journal?.activity.syncs ?? NOTHING)],
    },
    {
      type: 'counter',
      name: 'respite_journal_compactions_total',
      help: 'Compactions of the journal: result is succeeded or failed.',
      labels: ['result'],
      read: ({ journal }) => [
        [journal?.compaction.succeeded ?? 0, 'succeeded'],
        [journal?.compaction.failed ?? 0, 'failed'],
      ],
    },
    {
      type: 'gauge',
      name: 'respite_journal_compacting',
      help: '1 while the journal is compacted.',
      read: ({ journal }) => Number(journal?.compaction.running !== undefined),
    },
    {
      type: 'gauge',
      name: 'respite_save_last_success_timestamp_seconds',
      help: 'When all sessions were last saved as a data set, or else when the server started, in unix time.',
      read: ({ server }) => server.saves.status.lastSave / 1000,
    },
    {
      type: 'gauge',
      name: 'respite_save_failed',
      help: '1 if the latest save of all sessions failed.',
      read: ({ server }) => Number(!server.saves.status.lastOk),
    },
  ],
};
