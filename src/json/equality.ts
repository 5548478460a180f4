import type { JsonDocument, Node } from './json-document.js';
import type { Work } from './limits.js';

/** Making two values of their texts, and comparing them. */
const STEPS_OF_SCALARS = 3;

/**
 * Returns whether two values are equal: numbers by their value, strings by their characters, objects whatever the order
 * of their members.
 */
export function equalValues(a: JsonDocument, x: Node, b: JsonDocument, y: Node, work: Work): boolean {
  work.spend(1);
  if (a.isObject(x)) return b.isObject(y) && equalObjects(a, x, b, y, work);
  if (a.isArray(x)) return b.isArray(y) && equalArrays(a, x, b, y, work);
  if (b.isObject(y) || b.isArray(y)) return false;
  work.spend(STEPS_OF_SCALARS + ((a.end(x) - a.start(x) + b.end(y) - b.start(y)) >> 4));
  return a.scalar(x) === b.scalar(y);
}

function equalArrays(a: JsonDocument, x: Node, b: JsonDocument, y: Node, work: Work): boolean {
  let other = y + 1;
  for (let element = x + 1; element < a.next(x); element = a.next(element)) {
    if (other >= b.next(y) || !equalValues(a, element, b, other, work)) return false;
    other = b.next(other);
  }
  return other >= b.next(y);
}

function equalObjects(a: JsonDocument, x: Node, b: JsonDocument, y: Node, work: Work): boolean {
  const others = membersOf(b, y, work);
  const members = membersOf(a, x, work);
  if (members.size !== others.size) return false;
  for (const [name, member] of members) {
    const other = others.get(name);
    if (other === undefined || !equalValues(a, member, b, other, work)) return false;
  }
  return true;
}

/** Making a string of a name, and entering it in a map. */
const STEPS_OF_NAME = 12;

/** Returns the members of an object by name. */
export function membersOf(document: JsonDocument, object: Node, work: Work): Map<string, Node> {
  const members = new Map<string, Node>();
  for (let child = object + 1; child < document.next(object); child = document.next(child)) {
    work.spend(STEPS_OF_NAME + (document.nameText(child).length >> 4));
    members.set(document.name(child), child);
  }
  return members;
}
