import { createRequire } from 'node:module';
import type { JSONPathEnvironment, JSONPathError, jsonpath } from 'json-p3';
import { CodedError } from '../errors.js';

/** The npm package whose parser is used. Its evaluation is not, because nothing bounds the time that it takes. */
const PACKAGE = 'json-p3';

export interface Segment {
  /** Whether it selects from a value and all its descendants, or from the value alone. */
  readonly isDescendant: boolean;
  readonly selectors: readonly Selector[];
}

export type Selector =
  | { readonly type: 'name'; readonly name: string }
  | { readonly type: 'index'; readonly index: number }
  | {
      readonly type: 'slice';
      readonly start: number | undefined;
      readonly end: number | undefined;
      readonly step: number;
    }
  | { readonly type: 'wildcard' }
  | { readonly type: 'filter'; readonly expression: Expression };

/** An expression of a filter. The parser has checked that each operator and function gets what it takes. */
export type Expression =
  | { readonly type: 'literal'; readonly value: string | number | boolean | null }
  | Query
  | Call
  | { readonly type: 'not'; readonly operand: Expression }
  | { readonly type: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | Comparison;

export interface Query {
  readonly type: 'query';
  /** Whether it begins at the current value, `@`, or at the root, `$`. */
  readonly isRelative: boolean;
  readonly segments: readonly Segment[];
}

export interface Call {
  readonly type: 'call';
  readonly name: string;
  readonly arguments: readonly Expression[];
}

export interface Comparison {
  readonly type: 'comparison';
  readonly operator: string;
  readonly left: Expression;
  readonly right: Expression;
}

type Library = typeof import('json-p3');
type ParsedSegment = jsonpath.JSONPathQuery['segments'][number];
type ParsedSelector = ParsedSegment['selectors'][number];
type ParsedExpression = jsonpath.expressions.FilterExpression;

let loaded: { readonly library: Library; readonly environment: JSONPathEnvironment } | undefined;

/** Loading takes a few ms, so it happens when a path is first parsed. */
function load(): NonNullable<typeof loaded> {
  if (loaded !== undefined) return loaded;
  try {
    const library = createRequire(import.meta.url)(PACKAGE) as Library;
    loaded = { library, environment: new library.JSONPathEnvironment() };
    return loaded;
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
  const { library, environment } = load();
  try {
    return segmentsOf(environment.compile(path).segments, library);
  } catch (error) {
    throw invalid(reasonOf(error));
  }
}

export function invalid(reason: string): CodedError {
  return new CodedError('ERR', `invalid path: ${reason}`);
}

/** The parser ends its messages with a part of the path and its place: ('.a[':3). */
const PART = / \('.*':\d+\)$/s;

function reasonOf(error: unknown): string {
  const { message, token } = error as Partial<JSONPathError>;
  // The parser also throws if it is nested too deeply for the stack, which MAX_PATH_BYTES prevents.
  if (message === undefined || token === undefined) return 'it cannot be parsed';
  return `${message.replace(PART, '')}, at character ${token.index + 1}`;
}

// The parser's tree is made of classes. What follows makes plain data of it, which are quick to tell apart and keep
// nothing of the parser alive.

function segmentsOf(segments: readonly ParsedSegment[], library: Library): Segment[] {
  return segments.map(({ token, selectors }) => ({
    isDescendant: token.kind === library.TokenKind.DDOT,
    selectors: selectors.map((selector) => selectorOf(selector, library)),
  }));
}

function selectorOf(selector: ParsedSelector, library: Library): Selector {
  const { NameSelector, IndexSelector, SliceSelector, FilterSelector } = library.jsonpath.selectors;
  if (selector instanceof NameSelector) return { type: 'name', name: selector.name };
  if (selector instanceof IndexSelector) return { type: 'index', index: selector.index };
  if (selector instanceof SliceSelector) {
    return { type: 'slice', start: selector.start, end: selector.stop, step: selector.step ?? 1 };
  }
  if (selector instanceof FilterSelector) {
    return { type: 'filter', expression: expressionOf(selector.expression.expression, library) };
  }
  return { type: 'wildcard' };
}

const LOGICAL: Readonly<Record<string, 'and' | 'or'>> = { '&&': 'and', '||': 'or' };

function expressionOf(expression: ParsedExpression, library: Library): Expression {
  const { FilterQuery, RelativeQuery, FunctionExtension, PrefixExpression, InfixExpression, NullLiteral } =
    library.jsonpath.expressions;
  if (expression instanceof FilterQuery) {
    const isRelative = expression instanceof RelativeQuery;
    return { type: 'query', isRelative, segments: segmentsOf(expression.path.segments, library) };
  }
  if (expression instanceof FunctionExtension) {
    const args = expression.args.map((argument) => expressionOf(argument, library));
    return { type: 'call', name: expression.name, arguments: args };
  }
  if (expression instanceof PrefixExpression) return { type: 'not', operand: expressionOf(expression.right, library) };
  if (expression instanceof InfixExpression) {
    const { operator } = expression;
    const [left, right] = [expressionOf(expression.left, library), expressionOf(expression.right, library)];
    const type = LOGICAL[operator];
    return type === undefined ? { type: 'comparison', operator, left, right } : { type, left, right };
  }
  if (expression instanceof NullLiteral) return { type: 'literal', value: null };
  return { type: 'literal', value: (expression as jsonpath.expressions.StringLiteral).value };
}

/** Returns whether segments select at most one value, whatever the document is. */
export function isSingular(segments: readonly Segment[]): boolean {
  return segments.every((segment) => singleOf(segment) !== undefined);
}

/** Returns the name or index that a segment selects; undefined if it may select several values. */
export function singleOf({ isDescendant, selectors }: Segment): string | number | undefined {
  if (isDescendant || selectors.length > 1) return undefined;
  const [selector] = selectors;
  if (selector.type === 'name') return selector.name;
  return selector.type === 'index' ? selector.index : undefined;
}
