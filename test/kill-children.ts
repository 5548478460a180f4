import { afterAll } from 'vitest';
import { killChildren } from './child-process.js';

// A test that fails may not stop what it started.
afterAll(killChildren);
