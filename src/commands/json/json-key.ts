import { type KeyName, NO_SESSION, type Session, type SessionEngine, STRING_KEY } from '../../engine/index.js';
import type { Context } from '../../execution/context/context.js';
import { Work } from '../../json/limits.js';
import { Slice } from '../../slice.js';
import type { Command } from '../declaration/command.js';
import { KEY } from '../keys/grammar.js';
import { asString, isKey, readString } from '../keys/lookup.js';
import { putString } from '../strings/write-string.js';
import type { JsonOperation } from './operation.js';

// A plain key with JSON is a string key whose value is JSON text.

type Declaration = Omit<Command, 'run' | 'ask' | 'write' | 'group'>;

/** Declares a command that reads the JSON of a key. @param declaration Its arguments are those after the key. */
export function readsJson<Result>(declaration: Declaration, { read, write }: JsonOperation<Result>): Command {
  return {
    ...declaration,
    group: 'json',
    arguments: [KEY, ...declaration.arguments],
    run(context, args) {
      const key = args.key(context.client);
      const action = read(args);
      write(context.reply, action(readValue(context, readString(context, key)), new Work()).result);
    },
  };
}

/**
 * Declares a command that changes the JSON of a key. Its name is also the keyspace event.
 * @param declaration Its arguments are those after the key.
 */
export function changesJson<Result>(declaration: Declaration, { read, write }: JsonOperation<Result>): Command {
  return {
    ...declaration,
    group: 'json',
    arguments: [{ ...KEY, use: 'RW access update' }, ...declaration.arguments],
    run(context, args) {
      const key = args.key(context.client);
      const action = read(args);
      const session = findJson(context.engine, key);
      const { result, text } = action(peekValue(context.engine, session), new Work());
      if (text !== undefined) putJson(context, key, session, text, declaration.name);
      write(context.reply, result);
    },
  };
}

/** Returns a key's session, or NO_SESSION if there is no key. @throws SessionError WRONGTYPE if it is not a string. */
export function findJson(engine: SessionEngine, key: KeyName): Session {
  const session = engine.findShared(key);
  return isKey(engine, session) ? asString(engine, session) : session;
}

/** Reads the value of a key's session, or NO_SESSION. */
export function readValue({ engine }: Context, session: Session): Slice | undefined {
  return session === NO_SESSION ? undefined : engine.data.getString(session);
}

/** Like `readValue`, before a change: it does not count as a read. */
export function peekValue(engine: SessionEngine, session: Session): Slice | undefined {
  return isKey(engine, session) ? engine.data.peekValue(session, STRING_KEY) : undefined;
}

/** Sets a key to a JSON text, and notifies keyspace subscribers. The key keeps its deadline. */
export function putJson(
  { engine, server }: Context,
  key: KeyName,
  session: Session,
  text: Buffer,
  event: string,
): void {
  putString(engine, key, session, Slice.of(text));
  server.keyspaceEvents.notify('d', event, key);
}
