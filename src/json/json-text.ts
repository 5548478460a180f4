import { type JsonDocument, type Node, ROOT } from './json-document.js';
import { MAX_JSON_BYTES } from './limits.js';
import { TextOutput } from './text-output.js';

/** What is written between the tokens of a text, as in JSON.GET. */
export interface Style {
  /** At the start of each line, once for each array and object around it. */
  readonly indent: Buffer;
  /** At the end of each line. */
  readonly newline: Buffer;
  /** After each colon. */
  readonly space: Buffer;
}

const EMPTY = Buffer.alloc(0);
const COMMA = Buffer.from(',');
const COLON = Buffer.from(':');

/** Without any white space. */
export const COMPACT: Style = { indent: EMPTY, newline: EMPTY, space: EMPTY };

/** Writes values in a style. Strings and numbers are written as they are. */
export class JsonText {
  readonly #output: TextOutput;
  readonly #style: Style;
  readonly #isCompact: boolean;
  #depth = 0;
  /** Whether the innermost array or object has something in it already. */
  #hasItems = false;

  constructor(output: TextOutput, style: Style) {
    this.#output = output;
    this.#style = style;
    this.#isCompact = style.indent.length + style.newline.length + style.space.length === 0;
  }

  /** Writes the beginning of an array or object: its bracket. */
  open(bracket: Buffer): void {
    this.#output.add(bracket);
    this.#depth++;
    this.#hasItems = false;
  }

  /** Begins an element or member. @param name The name of a member, as JSON. */
  item(name?: Buffer): void {
    if (this.#hasItems) this.#output.add(COMMA);
    this.#hasItems = true;
    this.#line();
    if (name === undefined) return;
    this.#output.add(name);
    this.#output.add(COLON);
    this.#output.add(this.#style.space);
  }

  close(bracket: Buffer): void {
    this.#depth--;
    if (this.#hasItems) this.#line();
    this.#output.add(bracket);
    // What is closed is something in the array or object around it.
    this.#hasItems = true;
  }

  value(document: JsonDocument, node: Node): void {
    const { bytes } = document;
    const start = document.start(node);
    const end = document.end(node);
    const isContainer = document.next(node) > node + 1;
    if (isContainer && !(this.#isCompact && document.isCompact)) this.#container(document, node);
    // An empty array or object may have white space in it.
    else if (document.isCompact || !(document.isArray(node) || document.isObject(node))) {
      this.#output.add(bytes, start, end);
    } else {
      this.#output.add(bytes, start, start + 1);
      this.#output.add(bytes, end - 1, end);
    }
  }

  #container(document: JsonDocument, node: Node): void {
    const { bytes } = document;
    const isObject = document.isObject(node);
    const end = document.end(node);
    this.open(bytes.subarray(document.start(node), document.start(node) + 1));
    for (let child = node + 1; child < document.next(node); child = document.next(child)) {
      this.item(isObject ? document.nameText(child) : undefined);
      this.value(document, child);
    }
    this.close(bytes.subarray(end - 1, end));
  }

  #line(): void {
    if (this.#isCompact) return;
    this.#output.add(this.#style.newline);
    if (this.#style.indent.length === 0) return;
    for (let i = 0; i < this.#depth; i++) this.#output.add(this.#style.indent);
  }
}

/** Returns a value without white space. */
export function compactText(document: JsonDocument, node = ROOT): Buffer {
  const output = new TextOutput(MAX_JSON_BYTES, 'the value', document.end(node) - document.start(node));
  new JsonText(output, COMPACT).value(document, node);
  return output.bytes();
}
