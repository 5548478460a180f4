import { createRequire } from 'node:module';
import type parseQuery from 'jsonpath-rfc9535/parser';
import { CodedError } from '../errors.js';
import { MAX_NESTED_CALLS } from './limits.js';

/** The npm package whose parser is used. Its evaluation is not, because nothing bounds the time that it takes. */
const PACKAGE = 'jsonpath-rfc9535';

// What the parser returns. The package exports only the type of the whole.

export type Query = ReturnType<typeof parseQuery>;
export type Segment = Query['segments'][number];
export type Selector = Extract<Segment['node'], { type: 'BracketedSelection' }>['selectors'][number];
export type LogicalExpression = Extract<Selector, { type: 'FilterSelector' }>['value'];
export type Comparison = Extract<LogicalExpression, { type: 'ComparisonExpr' }>;
export type Comparable = Comparison['left'];
export type FunctionCall = Extract<Comparable, { type: 'FunctionExpr' }>;
export type FunctionArgument = FunctionCall['arguments'][number];
type TestExpression = Extract<LogicalExpression, { type: 'TestExpr' }>;
export type FilterQuery = Extract<TestExpression['expression'], { type: 'FilterQuery' }>;

/** Integers in paths must be exact in a double (RFC 9535, 2.1). */
const MAX_INTEGER = Number.MAX_SAFE_INTEGER;

let loaded: typeof parseQuery | undefined;

/** Loading takes a few ms, so it happens when a path is first parsed. */
function parser(): typeof parseQuery {
  if (loaded !== undefined) return loaded;
  try {
    const { default: parse } = createRequire(import.meta.url)(`${PACKAGE}/parser`) as { default: typeof parseQuery };
    loaded = parse;
    return parse;
  } catch {
    throw new CodedError(
      'ERR',
      `paths in JSON need the npm package ${PACKAGE}, which is not installed: npm install ${PACKAGE}`,
    );
  }
}

/**
 * Parses a path as RFC 9535 defines it.
 * @throws CodedError if it is not valid. The message says where.
 */
export function parsePath(path: string): readonly Segment[] {
  checkNesting(path);
  const parse = parser();
  let segments: readonly Segment[];
  try {
    ({ segments } = parse(path));
  } catch (error) {
    throw invalid(`it is wrong at character ${placeOf(error)}. ${HINT}`);
  }
  checkSegments(segments);
  return segments;
}

/** A string, which is skipped; a parenthesis that opens, with the end of a function's name before it; or one that closes. */
const PARENTHESIS = /'(?:[^'\\]|\\.)*'?|"(?:[^"\\]|\\.)*"?|([a-z0-9_])?\(|\)/gs;

/** @throws CodedError if the parser could take too long. */
function checkNesting(path: string): void {
  let calls = 0;
  /** Whether each parenthesis that is open is that of a call. */
  const open: boolean[] = [];
  for (const [token, name] of path.matchAll(PARENTHESIS)) {
    if (token === ')') {
      if (open.pop()) calls--;
    } else if (token.endsWith('(')) {
      open.push(name !== undefined);
      if (name !== undefined && ++calls > MAX_NESTED_CALLS) {
        throw invalid(`more than ${MAX_NESTED_CALLS} calls of functions are inside each other`);
      }
    }
  }
}

const HINT = "In brackets, a name may have any characters: $['user-id']";

export function invalid(reason: string): CodedError {
  return new CodedError('ERR', `invalid path: ${reason}`);
}

/** Returns the number of the character at which the parser stopped. */
function placeOf(error: unknown): number {
  const { location } = error as { location?: { start: { offset: number } } };
  // The parser also throws if it is nested too deeply for the stack, which MAX_PATH_BYTES prevents.
  return (location?.start.offset ?? 0) + 1;
}

// The parser checks the grammar. What follows checks the rest of what makes a query valid: the range of integers, and
// the types of functions (RFC 9535, 2.1 and 2.4.3).

function checkSegments(segments: readonly Segment[]): void {
  for (const { node } of segments) {
    if (node.type !== 'BracketedSelection') continue;
    for (const selector of node.selectors) checkSelector(selector);
  }
}

function checkSelector(selector: Selector): void {
  if (selector.type === 'IndexSelector') checkInteger(selector.value);
  else if (selector.type === 'SliceSelector') {
    for (const bound of [selector.start, selector.end, selector.step]) if (bound !== null) checkInteger(bound);
  } else if (selector.type === 'FilterSelector') checkLogical(selector.value);
}

function checkInteger(value: number): void {
  if (Math.abs(value) > MAX_INTEGER) throw invalid('an index is out of range');
}

function checkLogical(expression: LogicalExpression): void {
  switch (expression.type) {
    case 'LogicalOrExpr':
    case 'LogicalAndExpr':
      checkLogical(expression.left);
      checkLogical(expression.right);
      break;
    case 'LogicalNotExpr':
      checkLogical(expression.expression);
      break;
    case 'TestExpr':
      if (expression.expression.type === 'FilterQuery') checkSegments(expression.expression.value.segments);
      else checkCall(expression.expression, 'logical');
      break;
    case 'ComparisonExpr':
      checkComparable(expression.left);
      checkComparable(expression.right);
  }
}

function checkComparable(comparable: Comparable): void {
  if (comparable.type === 'FunctionExpr') checkCall(comparable, 'value');
  else if (comparable.type !== 'Literal') {
    for (const { node } of comparable.segments) if (node.type === 'IndexSelector') checkInteger(indexOf(node));
  }
}

type IndexSelector = Extract<Selector, { type: 'IndexSelector' }>;

/** Returns the index of a selector in a comparison: the parser wraps it twice, against its types. */
export function indexOf(selector: IndexSelector & { readonly selector?: IndexSelector }): number {
  return (selector.selector ?? selector).value;
}

/** The functions of RFC 9535: the types of their arguments, and of their result. */
const FUNCTIONS: Readonly<
  Record<string, { readonly takes: readonly ('value' | 'nodes')[]; readonly gives: 'value' | 'logical' }>
> = {
  length: { takes: ['value'], gives: 'value' },
  count: { takes: ['nodes'], gives: 'value' },
  value: { takes: ['nodes'], gives: 'value' },
  match: { takes: ['value', 'value'], gives: 'logical' },
  search: { takes: ['value', 'value'], gives: 'logical' },
};

function checkCall({ name, arguments: some }: FunctionCall, wanted: 'value' | 'logical'): void {
  // The parser gives null, against its types, if there are none.
  const given: readonly FunctionArgument[] = some ?? [];
  const types = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
  if (types === undefined) {
    throw invalid(`there is no function ${name}(): the functions are ${Object.keys(FUNCTIONS).join(', ')}`);
  }
  if (types.gives !== wanted) {
    throw invalid(wanted === 'value' ? `${name}() cannot be compared` : `the result of ${name}() must be compared`);
  }
  if (types.takes.length !== given.length) throw invalid(`${name}() has ${types.takes.length} arguments`);
  for (const [i, type] of types.takes.entries()) checkArgument(name, given[i], type);
}

function checkArgument(name: string, given: FunctionArgument, type: 'value' | 'nodes'): void {
  if (given.type === 'FilterQuery') {
    const { segments } = given.value;
    checkSegments(segments);
    if (type === 'value' && !isSingular(segments)) {
      throw invalid(`an argument of ${name}() may select several values, and must be one`);
    }
  } else if (type === 'nodes') throw invalid(`the argument of ${name}() must be a query, such as @.a`);
  else if (given.type === 'FunctionExpr') checkCall(given, 'value');
}

/** Returns whether segments select at most one value, whatever the document is. */
export function isSingular(segments: readonly Segment[]): boolean {
  return segments.every((segment) => selectorOf(segment) !== undefined);
}

/** Returns the name or index that a segment selects; undefined if it may select several values. */
export function selectorOf({ type, node }: Segment): string | number | undefined {
  if (type === 'DescendantSegment') return undefined;
  if (node.type === 'MemberNameShorthand') return node.value;
  if (node.type !== 'BracketedSelection' || node.selectors.length > 1) return undefined;
  const [selector] = node.selectors;
  return selector.type === 'NameSelector' || selector.type === 'IndexSelector' ? selector.value : undefined;
}
