import { NO_SESSION } from '../../engine/index.js';
import { Edits } from '../../json/edits.js';
import type { JsonDocument, Node } from '../../json/json-document.js';
import type { JsonPath } from '../../json/json-path.js';
import { Work } from '../../json/limits.js';
import { select } from '../../json/query.js';
import type { Slice } from '../../slice.js';
import type { Command } from '../declaration/command.js';
import { KEY } from '../keys/grammar.js';
import { isKey } from '../keys/lookup.js';
import { OPTIONAL_PATH, readOptionalPath } from './grammar.js';
import { findJson, peekValue, putJson } from './json-key.js';
import { documentOf, type Outcome } from './operation.js';

/** Removes the elements and members that a path matches. The result is how many. @param path Not that of the root. */
export function remove(value: Slice | undefined, path: JsonPath, work: Work): Outcome<number> {
  if (value === undefined) return { result: 0 };
  const document = documentOf(value, work);
  const nodes = outermost(document, select(document, path.segments, work));
  if (nodes.length === 0) return { result: 0 };
  const edits = new Edits(document, work);
  for (const node of nodes) edits.remove(node);
  return { result: nodes.length, text: edits.apply() };
}

/** Returns the values that are in none of the others, each once. */
export function outermost(document: JsonDocument, nodes: readonly Node[]): Node[] {
  let end = 0;
  return [...new Set(nodes)]
    .sort((a, b) => a - b)
    .filter((node) => {
      if (node < end) return false;
      end = document.next(node);
      return true;
    });
}

/** Of removing a whole value. */
const ALL: Outcome<number> = { result: 1 };

/** Whether nothing is left in a text without white space. */
function isEmptyText(text: Buffer): boolean {
  return text.length === 2;
}

/** JSON.DEL and JSON.FORGET. */
function removal(name: string): Command {
  return {
    name,
    summary: 'Removes what a path matches. Removes the key without a path, or if nothing is left in it.',
    complexity: 'O(N), where N is the length of the value',
    group: 'json',
    flags: ['write'],
    arity: -2,
    arguments: [{ ...KEY, use: 'RW access delete' }, OPTIONAL_PATH],
    reply: 'the number of values removed',
    run(context, args) {
      const { client, engine, reply } = context;
      const key = args.key(client);
      const path = readOptionalPath(args);
      const session = findJson(engine, key);
      if (session === NO_SESSION || !isKey(engine, session)) {
        reply.integer(0);
        return;
      }
      const isWhole = path.segments.length === 0;
      const { result, text } = isWhole ? ALL : remove(peekValue(engine, session), path, new Work());
      if (isWhole || (text !== undefined && isEmptyText(text))) {
        context.server.keyspaceEvents.notify('d', 'json.del', key);
        engine.end(session);
      } else if (text !== undefined) putJson(context, key, session, text, 'json.del');
      reply.integer(result);
    },
  };
}

export const jsonDel = removal('json.del');
export const jsonForget = removal('json.forget');
