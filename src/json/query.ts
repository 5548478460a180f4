import { equalValues } from './equality.js';
import { Pattern } from './i-regexp.js';
import { type JsonDocument, type Name, type Node, ROOT } from './json-document.js';
import type { Work } from './limits.js';
import type { Call, Comparison, Expression, Query, Segment, Selector } from './path-syntax.js';

/** The value of an expression in a filter; undefined for nothing. An array or object is a node. */
type Value = string | number | boolean | null | Container | undefined;

/** Finding the two values, and comparing them. */
const STEPS_OF_COMPARISON = 4;

/** An array or object of the document. */
class Container {
  readonly node: Node;

  constructor(node: Node) {
    this.node = node;
  }
}

/**
 * Returns the values that a path selects, in the order of RFC 9535. One that is selected twice is there twice.
 * @throws CodedError if that takes too many steps.
 */
export function select(document: JsonDocument, segments: readonly Segment[], work: Work): Node[] {
  return new Evaluation(document, work).select(segments, ROOT);
}

/** The evaluation of one path on one document. */
class Evaluation {
  readonly #document: JsonDocument;
  readonly #work: Work;
  /** The names in the path, so that each is encoded once. */
  readonly #names = new Map<string, Name>();
  /** The patterns of `match` and `search`, so that each is compiled once. Undefined for what is not a pattern. */
  readonly #patterns = new Map<string, Pattern | undefined>();

  constructor(document: JsonDocument, work: Work) {
    this.#document = document;
    this.#work = work;
  }

  select(segments: readonly Segment[], from: Node): Node[] {
    let nodes = [from];
    for (const segment of segments) {
      const selected: Node[] = [];
      for (const node of nodes) this.#apply(segment, node, selected);
      nodes = selected;
    }
    return nodes;
  }

  #apply({ isDescendant, selectors }: Segment, node: Node, selected: Node[]): void {
    // A value and its descendants are a range, in the order that RFC 9535 wants.
    const end = isDescendant ? this.#document.next(node) : node + 1;
    for (let from = node; from < end; from++) {
      this.#work.spend(1);
      for (const selector of selectors) this.#bySelector(selector, from, selected);
    }
  }

  #bySelector(selector: Selector, node: Node, selected: Node[]): void {
    switch (selector.type) {
      case 'name':
        this.#byName(selector.name, node, selected);
        break;
      case 'index':
        this.#byIndex(selector.index, node, selected);
        break;
      case 'wildcard':
        for (const child of this.#children(node)) selected.push(child);
        break;
      case 'slice':
        this.#bySlice(selector, node, selected);
        break;
      case 'filter':
        for (const child of this.#children(node)) if (this.#holds(selector.expression, child)) selected.push(child);
    }
  }

  #children(node: Node): Node[] {
    const children = this.#document.children(node);
    this.#work.spend(children.length);
    return children;
  }

  #byName(name: string, node: Node, selected: Node[]): void {
    if (!this.#document.isObject(node)) return;
    const member = this.#document.member(node, this.#name(name), this.#work);
    if (member !== undefined) selected.push(member);
  }

  #name(text: string): Name {
    const known = this.#names.get(text);
    if (known !== undefined) return known;
    const name = { text, bytes: Buffer.from(text) };
    this.#names.set(text, name);
    return name;
  }

  #byIndex(index: number, node: Node, selected: Node[]): void {
    if (!this.#document.isArray(node)) return;
    const element = this.#children(node).at(index);
    if (element !== undefined) selected.push(element);
  }

  /** See RFC 9535, 2.3.4.2.2. */
  #bySlice({ start, end, step }: Extract<Selector, { type: 'slice' }>, node: Node, selected: Node[]): void {
    if (step === 0 || !this.#document.isArray(node)) return;
    const elements = this.#children(node);
    const { length } = elements;
    const place = (bound: number) => (bound < 0 ? bound + length : bound);
    if (step > 0) {
      const upper = Math.min(place(end ?? length), length);
      for (let i = Math.max(place(start ?? 0), 0); i < upper; i += step) selected.push(elements[i]);
    } else {
      const lower = Math.max(end === undefined ? -1 : place(end), -1);
      for (let i = Math.min(place(start ?? length - 1), length - 1); i > lower; i += step) selected.push(elements[i]);
    }
  }

  /** Returns whether a filter's expression is true for a value. */
  #holds(expression: Expression, current: Node): boolean {
    this.#work.spend(1);
    switch (expression.type) {
      case 'or':
        return this.#holds(expression.left, current) || this.#holds(expression.right, current);
      case 'and':
        return this.#holds(expression.left, current) && this.#holds(expression.right, current);
      case 'not':
        return !this.#holds(expression.operand, current);
      case 'comparison':
        return this.#compare(expression, current);
      case 'query':
        return this.#nodes(expression, current).length > 0;
      case 'call':
        return this.#matches(expression, current);
      case 'literal':
        throw new Error('the parser lets a literal through that is not compared');
    }
  }

  #nodes({ isRelative, segments }: Query, current: Node): Node[] {
    return this.select(segments, isRelative ? current : ROOT);
  }

  #compare({ left, operator, right }: Comparison, current: Node): boolean {
    this.#work.spend(STEPS_OF_COMPARISON);
    const a = this.#valueOf(left, current);
    const b = this.#valueOf(right, current);
    switch (operator) {
      case '==':
        return this.#areEqual(a, b);
      case '!=':
        return !this.#areEqual(a, b);
      case '<':
        return isLess(a, b);
      case '>':
        return isLess(b, a);
      case '<=':
        return isLess(a, b) || this.#areEqual(a, b);
      case '>=':
        return isLess(b, a) || this.#areEqual(a, b);
      default:
        throw new Error(`the parser gives an unknown operator: ${operator}`);
    }
  }

  #areEqual(a: Value, b: Value): boolean {
    if (!(a instanceof Container) || !(b instanceof Container)) return a === b;
    return equalValues(this.#document, a.node, this.#document, b.node, this.#work);
  }

  /** Returns the value of what is compared, or of an argument: of a literal, a query of one value, or a call. */
  #valueOf(expression: Expression, current: Node): Value {
    if (expression.type === 'literal') return expression.value;
    if (expression.type === 'call') return this.#call(expression, current);
    return this.#value(this.#nodes(expression as Query, current)[0]);
  }

  #value(node: Node | undefined): Value {
    if (node === undefined) return undefined;
    const document = this.#document;
    if (document.isArray(node) || document.isObject(node)) return new Container(node);
    this.#work.spend((document.end(node) - document.start(node)) >> 4);
    return document.scalar(node);
  }

  /** Calls a function whose result is a value. */
  #call({ name, arguments: [argument] }: Call, current: Node): Value {
    if (name === 'length') return this.#length(this.#valueOf(argument, current));
    const nodes = this.#nodes(argument as Query, current);
    if (name === 'count') return nodes.length;
    return nodes.length === 1 ? this.#value(nodes[0]) : undefined;
  }

  /** A string's length is in characters. */
  #length(value: Value): number | undefined {
    if (typeof value === 'string') {
      this.#work.spend(value.length >> 4);
      return value.length - (value.match(/[\ud800-\udbff]/g)?.length ?? 0);
    }
    return value instanceof Container ? this.#children(value.node).length : undefined;
  }

  /** Calls `match` or `search`. */
  #matches({ name, arguments: [text, pattern] }: Call, current: Node): boolean {
    const value = this.#valueOf(text, current);
    const expression = this.#valueOf(pattern, current);
    if (typeof value !== 'string' || typeof expression !== 'string') return false;
    return this.#pattern(expression)?.matches(value, name === 'match', this.#work) ?? false;
  }

  #pattern(text: string): Pattern | undefined {
    if (!this.#patterns.has(text)) this.#patterns.set(text, Pattern.compile(text, this.#work));
    return this.#patterns.get(text);
  }
}

/** Strings are ordered by their characters, which is the order of their bytes in UTF-8. */
function isLess(a: Value, b: Value): boolean {
  if (typeof a === 'number' && typeof b === 'number') return a < b;
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0;
  return false;
}
