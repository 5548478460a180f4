import { Region } from '../src/engine/memory/region.js';

// V8 marks its whole heap again for every 64 MB of buffers, which is two regions. The heap of a process that runs tests
// is large, and each server that a test starts takes a region or two, so half of the processor time went into that.
Object.assign(Region, { BYTES: 2 ** 20 });
