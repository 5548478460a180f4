/**
 * Glob patterns as SCAN and CONFIG GET have them: `*`, `?`, `[a-z]`, `[^a]`, and `\` to take the next
 * character as it is.
 *
 * A pattern comes from a client, so no pattern may take long: at a mismatch only the last `*` is tried
 * again, one character further on, which costs at most the product of the two lengths. (Trying every
 * `*` again, as recursion would, finds no more matches.)
 */
export function globMatcher(pattern: string): (text: string) => boolean {
  // What is subscribed to as a rule (`__session__:expired:*`) is matched with every event.
  const prefix = /^([^*?[\\]*)\*$/.exec(pattern)?.[1];
  if (prefix !== undefined) return (text) => text.startsWith(prefix);
  const steps = compile(pattern);
  return (text) => {
    // As in Redis: even `**` does not match what is empty.
    if (text === '') return steps.length === 0;
    let step = 0;
    let at = 0;
    let lastStar = -1;
    let afterStar = 0;
    while (at < text.length) {
      const expected = steps[step];
      if (expected === STAR) {
        lastStar = step++;
        afterStar = at;
      } else if (expected?.(text.charCodeAt(at))) {
        step++;
        at++;
      } else if (lastStar >= 0) {
        step = lastStar + 1;
        at = ++afterStar;
      } else {
        return false;
      }
    }
    while (steps[step] === STAR) step++;
    return step === steps.length;
  };
}

type Step = ((code: number) => boolean) | typeof STAR;
const STAR = Symbol('*');

function compile(pattern: string): Step[] {
  const steps: Step[] = [];
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at];
    if (character === '*') {
      if (steps.at(-1) !== STAR) steps.push(STAR);
    } else if (character === '?') {
      steps.push(() => true);
    } else if (character === '[') {
      const [matches, end] = compileClass(pattern, at + 1);
      steps.push(matches);
      at = end;
    } else {
      if (character === '\\' && at + 1 < pattern.length) at++;
      const expected = pattern.charCodeAt(at);
      steps.push((code) => code === expected);
    }
  }
  return steps;
}

/** Reads `[…]` from behind its bracket; an unclosed one goes on to the end. Returns where it ends. */
function compileClass(pattern: string, start: number): [matches: (code: number) => boolean, end: number] {
  const ranges: [from: number, to: number][] = [];
  let at = start;
  const negated = pattern[at] === '^';
  if (negated) at++;
  for (; at < pattern.length && pattern[at] !== ']'; at++) {
    if (pattern[at] === '\\' && at + 1 < pattern.length) at++;
    const from = pattern.charCodeAt(at);
    let to = from;
    if (pattern[at + 1] === '-' && at + 2 < pattern.length) {
      at += 2;
      to = pattern.charCodeAt(at);
    }
    ranges.push([Math.min(from, to), Math.max(from, to)]);
  }
  return [(code) => ranges.some(([from, to]) => code >= from && code <= to) !== negated, at];
}
