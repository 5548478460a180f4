import { afterAll } from 'vitest';
import { killChildren } from './child-process.js';

// For every file of tests: what one of them started and did not stop, because it failed.
afterAll(killChildren);
