#!/usr/bin/env node
import './cli/signals.js';
import './cli/compiler.js';

// Static imports are all loaded before the first one runs. Signals must not have to wait for that.
await import('./cli/program.js');
