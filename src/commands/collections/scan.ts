import { NO_SESSION } from '../../engine/index.js';
import type { Context } from '../../execution/context/context.js';
import type { Slice } from '../../slice.js';
import type { Arguments } from '../arguments/arguments.js';
import { readCursor, readScanOptions } from '../arguments/scan-arguments.js';
import type { Argument, Command } from '../declaration/command.js';
import { KEY } from '../keys/grammar.js';
import { readKind } from '../keys/lookup.js';
import { type Collection, HASH, SET, SORTED_SET } from './collection.js';

// HSCAN, SSCAN and ZSCAN.

/**
 * A call stops when the fields it has visited and the values it has found have this many bytes, so that other clients
 * need not wait.
 */
const MOST_BYTES = 2 ** 20;
/** It also stops after this many ms, checked every `BATCH` fields: a pattern may take long to match. */
const [MOST_MS, BATCH] = [2, 16];

const ARGUMENTS: readonly Argument[] = [
  KEY,
  { name: 'cursor', type: 'integer' },
  { name: 'pattern', type: 'pattern', token: 'MATCH', optional: true },
  { name: 'count', type: 'integer', token: 'COUNT', optional: true },
];

function scanning(command: string, collection: Collection): Command {
  const { group, name, item, values } = collection;
  return {
    name: command,
    summary: `Iterates over the ${item}s of ${name}, in no particular order. A small one (up to 64 ${item}s) is returned by the first call, whatever COUNT says.`,
    complexity: `O(COUNT) for each call, O(N) for a complete iteration, where N is the number of ${item}s`,
    group,
    flags: ['readonly'],
    arity: -3,
    arguments: ARGUMENTS,
    reply: `[next cursor, [${item}, ${values === undefined ? '' : `${values.name}, `}…]]; the cursor is 0 at the end`,
    run: (context, args) => scan(context, args, collection),
  };
}

function scan(context: Context, args: Arguments, { kind, values }: Collection): void {
  const { client, engine, reply, server } = context;
  const { data } = engine;
  const key = args.key(client);
  let cursor = readCursor(args);
  const session = readKind(context, key, kind);
  const found: (Buffer | string)[] = [];
  if (session === NO_SESSION) {
    // As in Redis, the options are not parsed if there is no such key.
    cursor = 0;
  } else {
    const { count, matches } = readScanOptions(args, false);
    data.read(session);
    let bytes = 0;
    const visit = (field: Slice, length: number) => {
      bytes += field.length;
      if (!matches(field.latin1())) return;
      if (values === undefined) {
        found.push(field.copy());
        return;
      }
      const value = data.peekPart(session, field, 0, length);
      if (value === undefined) return;
      found.push(field.copy(), values.scanned(value));
      bytes += length;
    };
    const until = server.clock.now() + MOST_MS;
    let looks = 0;
    do cursor = data.peekSome(session, cursor, 1, visit);
    while (
      ++looks < count &&
      cursor !== 0 &&
      bytes < MOST_BYTES &&
      (looks % BATCH !== 0 || server.clock.now() < until)
    );
  }
  reply.array(2);
  reply.bulk(String(cursor));
  reply.array(found.length);
  for (const bytes of found) reply.bulk(bytes);
}

export const hscan = scanning('hscan', HASH);
export const sscan = scanning('sscan', SET);
export const zscan = scanning('zscan', SORTED_SET);
