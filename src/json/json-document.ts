import { isUtf8 } from 'node:buffer';
import { CodedError } from '../errors.js';
import { MAX_DEPTH, MAX_JSON_BYTES, type Work } from './limits.js';

/** A value in a document: its place in the order in which the values begin. The root is 0. */
export type Node = number;

export const ROOT: Node = 0;

/** The name of a member: as text, and its bytes in UTF-8. */
export interface Name {
  readonly text: string;
  readonly bytes: Buffer;
}

/** As JSON.TYPE names them. An integer is a number without a fraction and an exponent. */
export type JsonType = 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean' | 'null';

/** A text is not JSON, or not the JSON that respite takes. */
export class NotJsonError extends CodedError {}

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Numbers in the tape for each value. */
const STRIDE = 5;
/** Where the value begins and ends in the text, in bytes. */
const START = 0;
const END = 1;
/** The first value after this one that is not inside it. */
const NEXT = 2;
/** Where the name of an object's member begins and ends, with its quotes. 0 for any other value. */
const NAME = 3;
const NAME_END = 4;

/** An object with more members than this is checked for repeated names with a set. */
const FEW_MEMBERS = 12;

/**
 * A JSON text, and where each of its values is in it. Nothing is converted until somebody asks for it, so what a
 * command does not change stays as it is, byte for byte: numbers keep all their digits.
 *
 * The values are in a tape, as in simdjson: the values inside an array or object follow it, and it knows where they
 * end. So a document of any shape takes one allocation, and all descendants of a value are a range.
 */
export class JsonDocument {
  /** The text. */
  readonly bytes: Buffer;
  /** Whether there is no white space between its tokens. */
  readonly isCompact: boolean;
  readonly #tape: Int32Array;
  readonly #hasEscapes: boolean;

  private constructor(bytes: Buffer, tape: Int32Array, isCompact: boolean) {
    this.bytes = bytes;
    this.#tape = tape;
    this.isCompact = isCompact;
    this.#hasEscapes = bytes.includes(BACKSLASH);
  }

  /**
   * Parses a text as RFC 8259 defines it.
   * @param bytes The text, which must not change while the document is used.
   * @param what What the text is, for errors: `the value of the key`.
   * @throws CodedError if it is not JSON, has an object with two members of one name or half of a surrogate pair, or
   *   exceeds a limit.
   */
  static parse(bytes: Buffer, what: string): JsonDocument {
    if (bytes.length > MAX_JSON_BYTES) throw new CodedError('ERR', `${what} is longer than ${MAX_JSON_BYTES} bytes`);
    const refuse = (reason: string): never => {
      throw new NotJsonError('ERR', `${what} is not JSON: ${reason}`);
    };
    if (bytes.length === 0) refuse('it is empty');
    if (!isUtf8(bytes)) refuse('it is not valid UTF-8');
    if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) refuse('it begins with a byte order mark');
    const parser = new Parser(bytes, refuse);
    const tape = parser.parse();
    const document = new JsonDocument(bytes, tape, parser.isCompact);
    for (const object of parser.objects) document.#checkNames(object, refuse);
    return document;
  }

  /** Where a value begins, in bytes. */
  start(node: Node): number {
    return this.#tape[node * STRIDE + START];
  }

  /** Where a value ends, in bytes. */
  end(node: Node): number {
    return this.#tape[node * STRIDE + END];
  }

  /** Returns the next value that is not inside this one. All values between the two are its descendants. */
  next(node: Node): Node {
    return this.#tape[node * STRIDE + NEXT];
  }

  /** Where a member begins, with its name, or an element. In bytes. */
  memberStart(node: Node): number {
    return this.#tape[node * STRIDE + NAME] || this.start(node);
  }

  /** Returns a view of the text of a value. */
  text(node: Node): Buffer {
    return this.bytes.subarray(this.start(node), this.end(node));
  }

  type(node: Node): JsonType {
    switch (this.bytes[this.start(node)]) {
      case OPEN_OBJECT:
        return 'object';
      case OPEN_ARRAY:
        return 'array';
      case QUOTE:
        return 'string';
      case 0x74: // true
      case 0x66: // false
        return 'boolean';
      case 0x6e: // null
        return 'null';
      default:
        return this.#isInteger(node) ? 'integer' : 'number';
    }
  }

  isObject(node: Node): boolean {
    return this.bytes[this.start(node)] === OPEN_OBJECT;
  }

  isArray(node: Node): boolean {
    return this.bytes[this.start(node)] === OPEN_ARRAY;
  }

  /** Returns the number of elements or members; 0 for any other value. */
  count(node: Node): number {
    let count = 0;
    for (let child = node + 1; child < this.next(node); child = this.next(child)) count++;
    return count;
  }

  /** Returns the elements of an array, or the members of an object. */
  children(node: Node): Node[] {
    const children: Node[] = [];
    for (let child = node + 1; child < this.next(node); child = this.next(child)) children.push(child);
    return children;
  }

  /** Returns what JSON.parse would. Not for arrays and objects. */
  scalar(node: Node): string | number | boolean | null {
    const first = this.bytes[this.start(node)];
    if (first === QUOTE) return this.#string(this.start(node), this.end(node));
    if (first === MINUS || (first >= ZERO && first <= ZERO + 9))
      return Number(this.bytes.toString('latin1', this.start(node), this.end(node)));
    return first === 0x74 ? true : first === 0x66 ? false : null;
  }

  /** Returns the name of an object's member. */
  name(member: Node): string {
    const start = this.memberStart(member);
    return this.#string(start, this.#nameEnd(member));
  }

  /** Returns a view of the name of an object's member as it is written, with its quotes. */
  nameText(member: Node): Buffer {
    return this.bytes.subarray(this.memberStart(member), this.#nameEnd(member));
  }

  /** Returns the member of an object with a name, or undefined if there is none. */
  member(object: Node, name: Name, work: Work): Node | undefined {
    for (let child = object + 1; child < this.next(object); child = this.next(child)) {
      work.spend(1);
      if (this.#isNamed(child, name, work)) return child;
    }
    return undefined;
  }

  #isNamed(member: Node, { text, bytes }: Name, work: Work): boolean {
    const start = this.memberStart(member) + 1;
    const length = this.#nameEnd(member) - 1 - start;
    if (length === bytes.length && isAt(this.bytes, start, bytes)) return true;
    if (!this.#hasEscapes || length < bytes.length) return false;
    // Written with escapes, it could be the same.
    work.spend(4 + (length >> 4));
    return this.name(member) === text;
  }

  #isInteger(node: Node): boolean {
    for (let at = this.start(node); at < this.end(node); at++) {
      const byte = this.bytes[at];
      if (byte === DOT || byte > ZERO + 9) return false;
    }
    return true;
  }

  #nameEnd(member: Node): number {
    return this.#tape[member * STRIDE + NAME_END];
  }

  /** Returns the string between two quotes. */
  #string(start: number, end: number): string {
    const text = this.bytes.toString('utf8', start, end);
    return this.#hasEscapes && text.includes('\\') ? JSON.parse(text) : text.slice(1, -1);
  }

  #checkNames(object: Node, refuse: (reason: string) => never): void {
    const end = this.next(object);
    if (!this.#hasEscapes && this.count(object) <= FEW_MEMBERS) {
      for (let one = this.next(object + 1); one < end; one = this.next(one)) {
        for (let other = object + 1; other < one; other = this.next(other)) {
          if (this.#haveSameName(one, other)) this.#refuse(one, refuse);
        }
      }
      return;
    }
    const names = new Set<string>();
    for (let member = object + 1; member < end; member = this.next(member)) {
      if (names.size === names.add(this.name(member)).size) this.#refuse(member, refuse);
    }
  }

  #haveSameName(one: Node, other: Node): boolean {
    const start = this.memberStart(one);
    const to = this.memberStart(other);
    const length = this.#nameEnd(one) - start;
    if (length !== this.#nameEnd(other) - to) return false;
    for (let i = 0; i < length; i++) if (this.bytes[start + i] !== this.bytes[to + i]) return false;
    return true;
  }

  #refuse(member: Node, refuse: (reason: string) => never): never {
    return refuse(`an object has two members with one name, the second at byte ${this.memberStart(member)}`);
  }
}

function isAt(bytes: Buffer, at: number, part: Buffer): boolean {
  for (let i = 0; i < part.length; i++) if (bytes[at + i] !== part[i]) return false;
  return true;
}

const VALID_ESCAPE = 'a valid escape';

/** Reads a text once, and writes the tape. */
class Parser {
  isCompact = true;
  /** The objects with more than one member. */
  readonly objects: Node[] = [];
  readonly #bytes: Buffer;
  readonly #refuse: (reason: string) => never;
  readonly #tape: Int32Array;
  #at = 0;
  #nodes = 0;

  constructor(bytes: Buffer, refuse: (reason: string) => never) {
    this.#bytes = bytes;
    this.#refuse = refuse;
    // Each value but the last is followed by at least one other byte.
    this.#tape = new Int32Array(STRIDE * ((bytes.length >> 1) + 1));
  }

  parse(): Int32Array {
    this.#skipSpace();
    this.#value(0, 0, 0);
    this.#skipSpace();
    if (this.#at < this.#bytes.length) this.#unexpected('the end');
    return this.#tape;
  }

  /** @param name Where its name begins and ends, or 0. @param depth How many arrays and objects it is in. */
  #value(name: number, nameEnd: number, depth: number): void {
    const node = this.#nodes++;
    const tape = this.#tape;
    tape[node * STRIDE + START] = this.#at;
    tape[node * STRIDE + NAME] = name;
    tape[node * STRIDE + NAME_END] = nameEnd;
    switch (this.#bytes[this.#at]) {
      case OPEN_OBJECT:
        this.#object(node, depth + 1);
        break;
      case OPEN_ARRAY:
        this.#array(depth + 1);
        break;
      case QUOTE:
        this.#string();
        break;
      case 0x74:
        this.#word('true');
        break;
      case 0x66:
        this.#word('false');
        break;
      case 0x6e:
        this.#word('null');
        break;
      default:
        this.#number();
    }
    tape[node * STRIDE + END] = this.#at;
    tape[node * STRIDE + NEXT] = this.#nodes;
  }

  #object(node: Node, depth: number): void {
    this.#enter(depth);
    let members = 0;
    for (let isOpen = !this.#take(CLOSE_OBJECT); isOpen; isOpen = this.#goesOn(CLOSE_OBJECT, "',' or '}'")) {
      members++;
      const name = this.#at;
      if (this.#bytes[name] !== QUOTE) this.#unexpected('a name in quotes');
      this.#string();
      const nameEnd = this.#at;
      this.#skipSpace();
      if (!this.#take(COLON)) this.#unexpected("':'");
      this.#skipSpace();
      this.#value(name, nameEnd, depth);
      this.#skipSpace();
    }
    if (members > 1) this.objects.push(node);
  }

  #array(depth: number): void {
    this.#enter(depth);
    for (let isOpen = !this.#take(CLOSE_ARRAY); isOpen; isOpen = this.#goesOn(CLOSE_ARRAY, "',' or ']'")) {
      this.#value(0, 0, depth);
      this.#skipSpace();
    }
  }

  #enter(depth: number): void {
    if (depth > MAX_DEPTH) this.#refuse(`more than ${MAX_DEPTH} arrays and objects are nested, at byte ${this.#at}`);
    this.#at++;
    this.#skipSpace();
  }

  /** Takes a comma, and returns true; or the closing bracket, and returns false. */
  #goesOn(close: number, expected: string): boolean {
    if (this.#take(close)) return false;
    if (!this.#take(COMMA)) this.#unexpected(expected);
    this.#skipSpace();
    return true;
  }

  #string(): void {
    const bytes = this.#bytes;
    let at = this.#at + 1;
    for (;;) {
      const byte = bytes[at];
      if (byte === QUOTE) break;
      if (byte === BACKSLASH) at = this.#escape(at);
      else if (byte >= 0x20) at++;
      else this.#unexpectedAt(at, "'\"'; control characters must be escaped");
    }
    this.#at = at + 1;
  }

  /** Checks an escape. Returns where the text goes on. */
  #escape(at: number): number {
    if (this.#bytes[at + 1] !== 0x75) {
      if (!'"\\/bfnrt'.includes(String.fromCharCode(this.#bytes[at + 1]))) this.#unexpectedAt(at, VALID_ESCAPE);
      return at + 2;
    }
    const code = this.#unit(at);
    if (code < 0xd800 || code > 0xdfff) return at + 6;
    const isPair =
      code < 0xdc00 &&
      this.#bytes[at + 6] === BACKSLASH &&
      this.#bytes[at + 7] === 0x75 &&
      (this.#unit(at + 6) & 0xfc00) === 0xdc00;
    if (!isPair) this.#refuse(`half of a surrogate pair at byte ${at}`);
    return at + 12;
  }

  /** Returns the code unit of an escape such as \u00e9. */
  #unit(at: number): number {
    let unit = 0;
    for (let i = at + 2; i < at + 6; i++) {
      const byte = this.#bytes[i];
      // Letters of both cases.
      const digit = isDigit(byte) ? byte - ZERO : (byte | 0x20) - 0x57;
      if (!(digit >= (isDigit(byte) ? 0 : 10) && digit < 16)) this.#unexpectedAt(at, VALID_ESCAPE);
      unit = 16 * unit + digit;
    }
    return unit;
  }

  #word(word: string): void {
    if (this.#bytes.toString('latin1', this.#at, this.#at + word.length) !== word) this.#unexpected('a value');
    this.#at += word.length;
  }

  #number(): void {
    const start = this.#at;
    this.#take(MINUS);
    if (this.#take(ZERO)) {
      if (isDigit(this.#bytes[this.#at])) this.#unexpectedAt(start, 'a number without leading zeros');
    } else this.#digits(this.#at === start ? 'a value' : 'a digit');
    if (this.#take(DOT)) this.#digits('a digit');
    if (this.#take(0x65) || this.#take(0x45)) {
      if (!this.#take(MINUS)) this.#take(0x2b);
      this.#digits('a digit');
    }
  }

  /** Takes one or more digits. */
  #digits(expected: string): void {
    if (!isDigit(this.#bytes[this.#at])) this.#unexpected(expected);
    while (isDigit(this.#bytes[this.#at])) this.#at++;
  }

  #take(byte: number): boolean {
    if (this.#bytes[this.#at] !== byte) return false;
    this.#at++;
    return true;
  }

  #skipSpace(): void {
    const bytes = this.#bytes;
    let at = this.#at;
    while (bytes[at] === 0x20 || bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x09) at++;
    if (at === this.#at) return;
    this.#at = at;
    this.isCompact = false;
  }

  #unexpected(expected: string): never {
    return this.#unexpectedAt(this.#at, expected);
  }

  #unexpectedAt(at: number, expected: string): never {
    const found = at < this.#bytes.length ? `at byte ${at}` : 'but it ends';
    return this.#refuse(`expected ${expected} ${found}`);
  }
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= ZERO + 9;
}
