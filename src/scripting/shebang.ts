import { ForeignError } from '../errors.js';

/** What a script says of itself in its first line: `#!lua flags=no-writes`. */
export interface ScriptFlags {
  /** It does not write, so its commands may not. */
  readonly noWrites: boolean;
  /** It may be run although there is too little memory. */
  readonly allowOom: boolean;
}

/** All flags of Redis. Those that are about replicas and clusters have no effect. */
const KNOWN = ['no-writes', 'allow-oom', 'allow-stale', 'no-cluster', 'allow-cross-slot-keys'];

const START = '#!';
const FLAGS = 'flags=';

/**
 * Returns the flags of a script, and how many of its bytes are not Lua.
 * @param source With one character per byte.
 * @returns Flags undefined if the first line is like any other. Such a script may do everything.
 * @throws ForeignError if the line is wrong.
 */
export function readShebang(source: string): { readonly flags: ScriptFlags | undefined; readonly length: number } {
  if (!source.startsWith(START)) return { flags: undefined, length: 0 };
  const length = source.indexOf('\n');
  if (length < 0) throw new ForeignError('ERR Invalid script shebang');
  const [engine, ...options] = source.slice(0, length).split(' ');
  if (engine !== '#!lua') throw new ForeignError(`ERR Unexpected engine in script shebang: ${engine}`);
  const given = options.flatMap((option) => {
    if (!option.startsWith(FLAGS)) throw new ForeignError(`ERR Unknown lua shebang option: ${option}`);
    const flags = option.slice(FLAGS.length);
    return flags === '' ? [] : flags.split(',');
  });
  const unknown = given.find((flag) => !KNOWN.includes(flag));
  if (unknown !== undefined) throw new ForeignError(`ERR Unexpected flag in script shebang: ${unknown}`);
  return { flags: { noWrites: given.includes('no-writes'), allowOom: given.includes('allow-oom') }, length };
}
