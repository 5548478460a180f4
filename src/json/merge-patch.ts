import type { Edits } from './edits.js';
import { membersOf } from './equality.js';
import { type JsonDocument, type Node, ROOT } from './json-document.js';
import { COMPACT, JsonText } from './json-text.js';
import { MAX_JSON_BYTES, type Work } from './limits.js';
import { TextOutput } from './text-output.js';

/** Merges patches into values of a document, as RFC 7396 defines it. */
export class MergePatch {
  readonly #document: JsonDocument;
  readonly #patch: JsonDocument;
  readonly #edits: Edits;
  readonly #work: Work;

  /** @param edits Get the changes to the document. */
  constructor(document: JsonDocument, patch: JsonDocument, edits: Edits, work: Work) {
    this.#document = document;
    this.#patch = patch;
    this.#edits = edits;
    this.#work = work;
  }

  /** Merges the patch, or a value in it, into a value of the document. */
  mergeInto(target: Node, change = ROOT): void {
    if (!this.#patch.isObject(change) || !this.#document.isObject(target)) {
      this.#edits.replace(target, mergedIntoNothing(this.#patch, this.#work, change));
      return;
    }
    const members = membersOf(this.#document, target, this.#work);
    for (const [name, value] of membersOf(this.#patch, change, this.#work)) {
      const member = members.get(name);
      if (isNull(this.#patch, value)) {
        if (member !== undefined) this.#edits.remove(member);
      } else if (member !== undefined) this.mergeInto(member, value);
      else {
        this.#edits.addMember(target, this.#patch.nameText(value), mergedIntoNothing(this.#patch, this.#work, value));
      }
    }
  }
}

/** Returns what merging a value into nothing gives: the value without members that are null. */
export function mergedIntoNothing(patch: JsonDocument, work: Work, value = ROOT): Buffer {
  const output = new TextOutput(MAX_JSON_BYTES, 'the value', patch.end(value) - patch.start(value));
  writeWithoutNulls(patch, value, new JsonText(output, COMPACT), work);
  return output.bytes();
}

const OPEN = Buffer.from('{');
const CLOSE = Buffer.from('}');

function writeWithoutNulls(patch: JsonDocument, value: Node, text: JsonText, work: Work): void {
  work.spend(1);
  // Null in an array stays.
  if (!patch.isObject(value)) {
    text.value(patch, value);
    return;
  }
  text.open(OPEN);
  for (let child = value + 1; child < patch.next(value); child = patch.next(child)) {
    if (isNull(patch, child)) continue;
    text.item(patch.nameText(child));
    writeWithoutNulls(patch, child, text, work);
  }
  text.close(CLOSE);
}

function isNull(document: JsonDocument, node: Node): boolean {
  return document.type(node) === 'null';
}
