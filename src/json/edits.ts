import { type JsonDocument, type Node, ROOT } from './json-document.js';
import { MAX_JSON_BYTES, type Work } from './limits.js';
import { TextOutput } from './text-output.js';

/** What happens to one value. */
type Edit = { readonly type: 'replace'; readonly text: Buffer } | { readonly type: 'remove' } | Insertion;

/** Elements are inserted into an array, before the one at `place`. Or members are added to an object. */
interface Insertion {
  readonly type: 'insert';
  readonly place: number;
  readonly items: Buffer[];
}

/** How many steps an edit counts as: remembering and applying it takes longer than looking at a value. */
const STEPS = 8;

const ARRAY = [Buffer.from('['), Buffer.from(']')] as const;
const OBJECT = [Buffer.from('{'), Buffer.from('}')] as const;
const COMMA = Buffer.from(',');
const COLON = Buffer.from(':');

/**
 * Changes to a document. What they do not touch stays as it is in the text, byte for byte. A value that is inside a
 * removed or replaced one is gone, whatever else happens to it.
 */
export class Edits {
  readonly #document: JsonDocument;
  readonly #work: Work;
  readonly #edits = new Map<Node, Edit>();

  constructor(document: JsonDocument, work: Work) {
    this.#document = document;
    this.#work = work;
  }

  get isEmpty(): boolean {
    return this.#edits.size === 0;
  }

  /** @param text JSON. */
  replace(node: Node, text: Buffer): void {
    this.#add(node, { type: 'replace', text });
  }

  /** Removes an element or member. */
  remove(node: Node): void {
    this.#add(node, { type: 'remove' });
  }

  /** Inserts elements into an array. @param place How many elements are before them. @param items JSON. */
  insert(array: Node, place: number, items: Buffer[]): void {
    this.#add(array, { type: 'insert', place, items });
  }

  /** Adds a member that an object does not have. @param name JSON. @param text JSON. */
  addMember(object: Node, name: Buffer, text: Buffer): void {
    const member = Buffer.concat([name, COLON, text]);
    const edit = this.#edits.get(object);
    if (edit?.type === 'insert') edit.items.push(member);
    else this.#add(object, { type: 'insert', place: Infinity, items: [member] });
  }

  /** Returns the document with all changes. @throws CodedError if it would be too long. */
  apply(): Buffer {
    const edited = [...this.#edits.keys()].sort((a, b) => a - b);
    return new Application(this.#document, this.#edits, edited).text();
  }

  #add(node: Node, edit: Edit): void {
    this.#work.spend(STEPS);
    this.#edits.set(node, edit);
  }
}

/** Writes a value with its changes. */
class Application {
  readonly #document: JsonDocument;
  readonly #edits: ReadonlyMap<Node, Edit>;
  /** The values that are edited, in order. */
  readonly #edited: readonly Node[];
  /** The place in `#edited` of the first that is not before the value that is being written. */
  #place = 0;
  readonly #output: TextOutput;

  constructor(document: JsonDocument, edits: ReadonlyMap<Node, Edit>, edited: readonly Node[]) {
    this.#document = document;
    this.#edits = edits;
    this.#edited = edited;
    this.#output = new TextOutput(MAX_JSON_BYTES, 'the value', document.bytes.length + 64);
  }

  text(): Buffer {
    this.#write(ROOT);
    return this.#output.bytes();
  }

  #write(node: Node): void {
    const edit = this.#isEdited(node) ? this.#edits.get(node) : UNCHANGED;
    if (edit === UNCHANGED)
      this.#output.add(this.#document.bytes, this.#document.start(node), this.#document.end(node));
    else if (edit?.type === 'replace') this.#output.add(edit.text);
    else this.#writeContainer(node, edit?.type === 'insert' ? edit : undefined);
  }

  /** Returns whether anything happens to a value or inside it. Values are asked about in their order. */
  #isEdited(node: Node): boolean {
    while (this.#edited[this.#place] < node) this.#place++;
    return this.#edited[this.#place] < this.#document.next(node);
  }

  #writeContainer(node: Node, insertion: Insertion | undefined): void {
    const document = this.#document;
    const output = this.#output;
    const [open, close] = document.isArray(node) ? ARRAY : OBJECT;
    output.add(open);
    const first = output.length;
    const end = document.next(node);
    let place = 0;
    for (let child = node + 1; child < end; ) {
      if (insertion?.place === place) this.#insert(insertion, first);
      // What does not change is copied together.
      const unchanged = child;
      let last = child;
      while (child < end && !this.#isEdited(child) && (child === unchanged || insertion?.place !== place)) {
        last = child;
        child = document.next(child);
        place++;
      }
      if (child > unchanged) {
        this.#separate(first);
        output.add(document.bytes, document.memberStart(unchanged), document.end(last));
        continue;
      }
      if (this.#edits.get(child)?.type !== 'remove') {
        this.#separate(first);
        output.add(document.bytes, document.memberStart(child), document.start(child));
        this.#write(child);
      }
      child = document.next(child);
      place++;
    }
    if (insertion !== undefined && insertion.place >= place) this.#insert(insertion, first);
    output.add(close);
  }

  #insert({ items }: Insertion, first: number): void {
    for (const item of items) {
      this.#separate(first);
      this.#output.add(item);
    }
  }

  /** Writes a comma, unless nothing has been written since `first`. */
  #separate(first: number): void {
    if (this.#output.length > first) this.#output.add(COMMA);
  }
}

const UNCHANGED = Symbol();
