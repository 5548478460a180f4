import { column, longer, resized, shorter } from '../memory/column.js';
import { Numbering } from '../tables/numbering.js';

/**
 * Compares a member, which the tree knows by its number, with the one that is looked for. Returns a negative number if
 * it comes before that one, 0 if it is the same, and a positive number if it comes after.
 */
export type Compare = (member: number) => number;

/**
 * Keeps the members of large sorted sets in order: by score and, for equal scores, in an order that the caller compares
 * by. A member is a number. Adding or removing one, its rank, and the member at a rank all take O(log n).
 *
 * Each set is a B+ tree whose inner entries count the members below them (R. Bayer and E. McCreight, "Organization and
 * maintenance of large ordered indexes", 1972; D. Comer, "The ubiquitous B-tree", 1979; ranks as in D. Knuth, The Art
 * of Computer Programming 3, 6.2.3). All trees share two pools of nodes in typed arrays, so a set needs no object. An
 * entry of a leaf has a score and a member. An entry of an inner node has a child, the least score and member below it,
 * and the number of members below it.
 *
 * A node that becomes small is merged with a neighbour only if both fit in three quarters of a node, so that adding and
 * removing the same member over and over does not split and merge each time.
 */
export class ScoreTree {
  readonly #leaves = new Nodes();
  readonly #inner = new InnerNodes();
  /** Roots of subtrees that are removed and not freed yet. */
  readonly #removed: number[] = [];
  /** The node that the latest step of `add` split off, or NONE. */
  #split = NONE;

  /** Bytes of memory that the nodes take, including those that are not freed yet. */
  get memory(): number {
    return this.#leaves.memory + this.#inner.memory;
  }

  /** Makes an empty tree. Returns its root. */
  create(): number {
    return this.#leaves.take() * 2;
  }

  /** Removes a tree. `reclaim` frees its nodes. */
  remove(root: number): void {
    this.#removed.push(root);
  }

  /** Frees some nodes of removed trees, in a fraction of a millisecond. Returns whether there may be more. */
  reclaim(): boolean {
    for (let nodes = 0; nodes < NODES_AT_ONCE; nodes++) {
      const node = this.#removed.pop();
      if (node === undefined) return false;
      if (!isLeaf(node)) {
        const { items } = this.#inner;
        const first = firstOf(node);
        for (let at = first; at < first + this.#entries(node); at++) this.#removed.push(items[at]);
      }
      this.#release(node);
    }
    return this.#removed.length > 0;
  }

  /** Frees some of the memory if there is much more than needed. Returns whether there may be more. */
  trim(): boolean {
    return this.reclaim() || this.#leaves.trim() || this.#inner.trim();
  }

  /** Returns the number of members of a tree. */
  size(root: number): number {
    const entries = this.#entries(root);
    if (isLeaf(root)) return entries;
    const { counts } = this.#inner;
    const first = firstOf(root);
    let sum = 0;
    for (let at = first; at < first + entries; at++) sum += counts[at];
    return sum;
  }

  /**
   * Adds a member that the tree does not have. Returns the tree's root, which may be a new one.
   * @param compare Compares other members of the same score with the new one.
   */
  add(root: number, score: number, member: number, compare: Compare): number {
    this.#addBelow(root, score, member, compare);
    const split = this.#split;
    if (split === NONE) return root;
    const grown = this.#inner.take() * 2 + 1;
    this.#insertChild(grown, 0, root);
    this.#insertChild(grown, 1, split);
    return grown;
  }

  #addBelow(node: number, score: number, member: number, compare: Compare): void {
    const at = this.#lowerBound(node, score, compare);
    if (isLeaf(node)) {
      this.#split = NONE;
      const target = this.#roomAt(node, at);
      const place = target === node ? at : at - this.#entries(node);
      this.#insert(target, place, member);
      this.#leaves.scores[firstOf(target) + place] = score;
      return;
    }
    // What comes before the least member of all goes below the first entry.
    const place = Math.max(0, at - 1);
    this.#addBelow(this.#childAt(node, place), score, member, compare);
    const split = this.#split;
    this.#refresh(node, place);
    this.#split = NONE;
    if (split === NONE) return;
    const target = this.#roomAt(node, place + 1);
    this.#insertChild(target, target === node ? place + 1 : place + 1 - this.#entries(node), split);
  }

  /**
   * Makes room in a node for an entry at `place`. Returns the node that then has the place: the given one or, if it is
   * beyond that one's entries, the one that was split off. `#split` is set to the latter.
   */
  #roomAt(node: number, place: number): number {
    const entries = this.#entries(node);
    if (entries < WIDTH) return node;
    const split = this.#poolOf(node).take() * 2 + (node & 1);
    // Members often come in order. Then full nodes are left behind.
    const kept = place === WIDTH ? WIDTH : WIDTH / 2;
    this.#copy(node, kept, split, 0, entries - kept);
    this.#setEntries(node, kept);
    this.#setEntries(split, entries - kept);
    this.#split = split;
    return place > kept || kept === WIDTH ? split : node;
  }

  /**
   * Removes a member, which the tree must have. Returns the tree's root, which may be another one.
   * @param compare Compares members of the same score with it.
   */
  delete(root: number, score: number, compare: Compare): number {
    this.#deleteBelow(root, score, compare);
    let node = root;
    while (!isLeaf(node) && this.#entries(node) === 1) {
      const child = this.#childAt(node, 0);
      this.#release(node);
      node = child;
    }
    return node;
  }

  #deleteBelow(node: number, score: number, compare: Compare): void {
    const at = this.#lowerBound(node, score, compare);
    if (isLeaf(node)) {
      this.#take(node, at);
      return;
    }
    const isLeast = at < this.#entries(node) && this.#compareAt(node, at, score, compare) === 0;
    const place = isLeast ? at : at - 1;
    const child = this.#childAt(node, place);
    this.#deleteBelow(child, score, compare);
    if (this.#entries(child) === 0) {
      this.#release(child);
      this.#take(node, place);
      return;
    }
    this.#refresh(node, place);
    if (!this.#merge(node, place)) this.#merge(node, place - 1);
  }

  /** Merges a child with the next one if they are small enough together. Returns whether they were. */
  #merge(node: number, place: number): boolean {
    if (place < 0 || place + 1 >= this.#entries(node)) return false;
    const left = this.#childAt(node, place);
    const right = this.#childAt(node, place + 1);
    const entries = this.#entries(left);
    const more = this.#entries(right);
    if (entries + more > MERGED) return false;
    this.#copy(right, 0, left, entries, more);
    this.#setEntries(left, entries + more);
    this.#release(right);
    this.#take(node, place + 1);
    this.#refresh(node, place);
    return true;
  }

  /**
   * Returns how many members come before the one looked for.
   * @param compare Compares members of the same score with it. `() => 0` counts the members with a lower score, `() =>
   *   -1` also those with this score.
   */
  countBefore(root: number, score: number, compare: Compare): number {
    const { counts } = this.#inner;
    let before = 0;
    let node = root;
    while (!isLeaf(node)) {
      const place = Math.max(0, this.#lowerBound(node, score, compare) - 1);
      const first = firstOf(node);
      for (let at = first; at < first + place; at++) before += counts[at];
      node = this.#childAt(node, place);
    }
    return before + this.#lowerBound(node, score, compare);
  }

  /**
   * Visits members by rank. The visitor must not change the tree.
   * @param from The rank of the first member to visit, from 0 on.
   * @param count How many to visit. There must be that many.
   * @param step 1 to visit higher ranks next, -1 for lower ones.
   */
  visit(root: number, from: number, count: number, step: 1 | -1, visit: (member: number, score: number) => void): void {
    if (count <= 0) return;
    const { scores, items } = this.#leaves;
    const { counts } = this.#inner;
    // The way to the current leaf: the inner nodes, and the place of the child that was entered in each.
    const nodes: number[] = [];
    const places: number[] = [];
    let node = root;
    let rank = from;
    while (!isLeaf(node)) {
      const first = firstOf(node);
      let place = 0;
      for (; rank >= counts[first + place]; place++) rank -= counts[first + place];
      nodes.push(node);
      places.push(place);
      node = this.#childAt(node, place);
    }
    for (let left = count; ; ) {
      const first = firstOf(node);
      const end = this.#entries(node);
      for (; rank >= 0 && rank < end && left > 0; rank += step, left--)
        visit(items[first + rank], scores[first + rank]);
      if (left === 0) return;
      // Goes up until there is a next child, then down to that child's nearest leaf.
      let depth = nodes.length - 1;
      while (places[depth] + step < 0 || places[depth] + step >= this.#entries(nodes[depth])) depth--;
      places[depth] += step;
      node = this.#childAt(nodes[depth], places[depth]);
      for (depth++; !isLeaf(node); depth++) {
        nodes[depth] = node;
        places[depth] = step === 1 ? 0 : this.#entries(node) - 1;
        node = this.#childAt(node, places[depth]);
      }
      rank = step === 1 ? 0 : this.#entries(node) - 1;
    }
  }

  /** Returns the place of the first entry of a node that is not before the one looked for. */
  #lowerBound(node: number, score: number, compare: Compare): number {
    let low = 0;
    let high = this.#entries(node);
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#compareAt(node, middle, score, compare) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #compareAt(node: number, place: number, score: number, compare: Compare): number {
    const at = firstOf(node) + place;
    const own = this.#poolOf(node).scores[at];
    if (own !== score) return own - score < 0 ? -1 : 1;
    return compare(isLeaf(node) ? this.#leaves.items[at] : this.#inner.least[at]);
  }

  /** Makes an entry of an inner node what its child is now. */
  #refresh(node: number, place: number): void {
    const inner = this.#inner;
    const at = firstOf(node) + place;
    const child = inner.items[at];
    const first = firstOf(child);
    inner.scores[at] = this.#poolOf(child).scores[first];
    inner.least[at] = isLeaf(child) ? this.#leaves.items[first] : inner.least[first];
    inner.counts[at] = this.size(child);
  }

  #childAt(node: number, place: number): number {
    return this.#inner.items[firstOf(node) + place];
  }

  #insertChild(node: number, place: number, child: number): void {
    this.#insert(node, place, child);
    this.#refresh(node, place);
  }

  /** Inserts an entry, of which only the item is set. The node must have room for it. */
  #insert(node: number, place: number, item: number): void {
    const entries = this.#entries(node);
    this.#copy(node, place, node, place + 1, entries - place);
    this.#poolOf(node).items[firstOf(node) + place] = item;
    this.#setEntries(node, entries + 1);
  }

  /** Takes an entry out of a node. */
  #take(node: number, place: number): void {
    const entries = this.#entries(node) - 1;
    this.#copy(node, place + 1, node, place, entries - place);
    this.#setEntries(node, entries);
  }

  /** Copies entries between nodes of one kind, or within a node. */
  #copy(from: number, start: number, to: number, at: number, count: number): void {
    if (count > 0) this.#poolOf(from).copy(firstOf(to) + at, firstOf(from) + start, count);
  }

  #release(node: number): void {
    this.#poolOf(node).release(node >>> 1);
  }

  #entries(node: number): number {
    return this.#poolOf(node).entries[node >>> 1];
  }

  #setEntries(node: number, entries: number): void {
    this.#poolOf(node).entries[node >>> 1] = entries;
  }

  #poolOf(node: number): Nodes {
    return isLeaf(node) ? this.#leaves : this.#inner;
  }
}

/** No node. */
const NONE = -1;
/** The most entries of a node. */
const WIDTH = 32;
/** Neighbours with up to this many entries together are merged. */
const MERGED = (WIDTH * 3) / 4;
const NODES_AT_ONCE = 256;
const FIRST = 64;
/** The columns of leaves can grow to this many nodes in place. Beyond that, they are copied to twice the length. */
const RESERVED = 2 ** 22;
/** The same for inner nodes, of which there are far fewer. */
const RESERVED_INNER = 2 ** 18;

/** A node's number is even for a leaf, odd for an inner node. Half of it, rounded down, is the number in its pool. */
function isLeaf(node: number): boolean {
  return (node & 1) === 0;
}

/** Returns the index of a node's first entry. */
function firstOf(node: number): number {
  return (node >>> 1) * WIDTH;
}

/** A pool of leaves. */
class Nodes {
  /** For each node its number of entries. */
  entries: Int32Array<ArrayBuffer>;
  /** For each entry its score, or the least score below it. */
  scores: Float64Array<ArrayBuffer>;
  /** For each entry its member or child. */
  items: Int32Array<ArrayBuffer>;
  readonly #numbers = new Numbering();

  constructor(reserved = RESERVED) {
    this.entries = column(Int32Array, FIRST, reserved);
    this.scores = column(Float64Array, FIRST * WIDTH, reserved * WIDTH);
    this.items = column(Int32Array, FIRST * WIDTH, reserved * WIDTH);
  }

  get memory(): number {
    return this.#numbers.taken * this.bytesPerNode;
  }

  protected get bytesPerNode(): number {
    return 4 + WIDTH * 12;
  }

  /** Takes a node without entries. Returns its number. */
  take(): number {
    const number = this.#numbers.take();
    if (number >= this.entries.length) this.resize(longer(this.entries.length, number + 1));
    this.entries[number] = 0;
    return number;
  }

  release(number: number): void {
    this.#numbers.release(number);
  }

  copy(to: number, from: number, count: number): void {
    this.scores.copyWithin(to, from, from + count);
    this.items.copyWithin(to, from, from + count);
  }

  trim(): boolean {
    const capacity = shorter(this.entries.length, this.#numbers.end);
    if (capacity === this.entries.length) return false;
    this.resize(capacity);
    return true;
  }

  protected resize(capacity: number): void {
    this.entries = resized(this.entries, capacity);
    this.scores = resized(this.scores, capacity * WIDTH);
    this.items = resized(this.items, capacity * WIDTH);
  }
}

/** A pool of inner nodes. */
class InnerNodes extends Nodes {
  /** For each entry the least member below it. */
  least = column(Int32Array, FIRST * WIDTH, RESERVED_INNER * WIDTH);
  /** For each entry the number of members below it. */
  counts = column(Int32Array, FIRST * WIDTH, RESERVED_INNER * WIDTH);

  constructor() {
    super(RESERVED_INNER);
  }

  protected override get bytesPerNode(): number {
    return super.bytesPerNode + WIDTH * 8;
  }

  override copy(to: number, from: number, count: number): void {
    super.copy(to, from, count);
    this.least.copyWithin(to, from, from + count);
    this.counts.copyWithin(to, from, from + count);
  }

  protected override resize(capacity: number): void {
    super.resize(capacity);
    this.least = resized(this.least, capacity * WIDTH);
    this.counts = resized(this.counts, capacity * WIDTH);
  }
}
