import type { MetricGroup } from './metric.js';

export const MEMORY_METRICS: MetricGroup = {
  title: 'Memory',
  metrics: [
    {
      type: 'gauge',
      name: 'respite_memory_bytes',
      help: 'Memory that maxmemory limits. part is base (the program itself), slots, tokens, names and data (of sessions), events (the event stream) or clients.',
      labels: ['part'],
      read: ({ server: { memory }, memoryParts: { slots, tokens, names, data } }) => [
        [memory.startup, 'base'],
        [slots, 'slots'],
        [tokens, 'tokens'],
        [names, 'names'],
        [data, 'data'],
        [memory.events, 'events'],
        [memory.clients, 'clients'],
      ],
    },
    {
      type: 'gauge',
      name: 'respite_memory_peak_bytes',
      help: 'The most memory that was in use at a time.',
      read: ({ server }) => server.memory.peak,
    },
    {
      type: 'gauge',
      name: 'respite_memory_limit_bytes',
      help: 'The option maxmemory. 0 for no limit.',
      read: ({ server }) => server.config.maxmemory,
    },
    {
      type: 'gauge',
      name: 'respite_arena_used_bytes',
      help: 'Memory in use in the arenas, which have names, keys and values.',
      read: ({ memoryParts }) => memoryParts.arenas.used,
    },
    {
      type: 'gauge',
      name: 'respite_arena_reserved_bytes',
      help: 'Memory of the arenas. What is not in use is fragmentation, or kept for new sessions.',
      read: ({ memoryParts }) => memoryParts.arenas.reserved,
    },
    {
      type: 'gauge',
      name: 'respite_shape_saved_bytes',
      help: 'Memory saved by keeping the keys of sessions of one kind once. Negative while there are few such sessions.',
      read: ({ memoryParts }) => memoryParts.shapes.savedBytes,
    },
    {
      type: 'gauge',
      name: 'respite_process_resident_memory_bytes',
      help: 'Memory of the process, as the system counts it.',
      read: ({ processMemory }) => processMemory.rss,
    },
    {
      type: 'gauge',
      name: 'respite_process_heap_bytes',
      help: 'V8 heap of the process.',
      read: ({ processMemory }) => processMemory.heapTotal,
    },
    {
      type: 'gauge',
      name: 'respite_process_heap_used_bytes',
      help: 'V8 heap in use, garbage included.',
      read: ({ processMemory }) => processMemory.heapUsed,
    },
  ],
};
