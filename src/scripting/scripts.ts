import { hash } from 'node:crypto';
import { CodedError } from '../errors.js';
import type { Slice } from '../slice.js';
import { Machine } from './machine.js';
import { readShebang, type ScriptFlags } from './shebang.js';

/** A script that has been compiled. */
export interface Script {
  /** The SHA-1 of its text, in hex. */
  readonly sha: string;
  /** What its first line says; undefined if that says nothing. */
  readonly flags: ScriptFlags | undefined;
}

interface KnownScript extends Script {
  /** Its text, with one character per byte. */
  readonly source: string;
  /** Whether SCRIPT LOAD has loaded it. It is then kept until SCRIPT FLUSH. */
  isLoaded: boolean;
  /** The machine for which it is compiled, and how that calls it. */
  machine: Machine;
  reference: number;
}

/** The most memory that the scripts together, and the one that runs, may take, in bytes. */
export const MOST_SCRIPT_BYTES = 128 * 2 ** 20;
/** A machine that has taken this many bytes is replaced after the script, because its memory never shrinks. */
const LARGE = 32 * 2 ** 20;
/** How many scripts that came with EVAL are kept: those that were used last. Redis keeps as many. */
const MOST_EVALUATED = 500;
/** How much memory the texts of all known scripts may take, in bytes, with this much for each besides its length. */
const [MOST_SOURCE_BYTES, PER_SCRIPT] = [64 * 2 ** 20, 512];
const TOO_MANY = new CodedError(
  'ERR',
  'the server keeps too many scripts: their texts take more than 64 MB. SCRIPT FLUSH forgets them',
);

/** The scripts that are known, and the machine that runs them. The machine is made for the first script. */
export class Scripts {
  readonly #redisVersion: string;
  #machine: Machine | undefined;
  readonly #bySha = new Map<string, KnownScript>();
  /** By text, because computing the SHA-1 takes longer than running a small script. The oldest use comes first. */
  readonly #bySource = new Map<string, KnownScript>();
  /** Whether a script that has written has run for too long. Other clients get BUSY until it ends. */
  isPaused = false;
  #bytes = 0;
  #evaluated = 0;

  /** @param redisVersion The value of `redis.REDIS_VERSION`. */
  constructor(redisVersion: string) {
    this.#redisVersion = redisVersion;
  }

  /** How many scripts are known. */
  get count(): number {
    return this.#bySha.size;
  }

  /** The bytes of their texts. */
  get sourceBytes(): number {
    return this.#bytes;
  }

  /** The memory of the machine that runs them, in bytes. */
  get machineBytes(): number {
    return this.#machine?.bytes ?? 0;
  }

  /** @param sha In lower case. */
  find(sha: string): Script | undefined {
    return this.#bySha.get(sha);
  }

  /**
   * Returns a script, which is compiled if it is not known yet.
   * @param keep Whether it is kept until `flush`, rather than only while it is used.
   * @throws ForeignError if it is no Lua; CodedError if there is no interpreter, or too many scripts are kept.
   */
  load(text: Slice, keep: boolean): Script {
    const source = text.latin1();
    const known = this.#bySource.get(source);
    if (known === undefined) return this.#add(source, keep);
    if (!known.isLoaded && keep) {
      known.isLoaded = true;
      this.#evaluated--;
    }
    // Moving a script to the end takes time, so this waits until the first are near being forgotten.
    if (!known.isLoaded && this.#evaluated >= MOST_EVALUATED / 2) {
      this.#bySource.delete(source);
      this.#bySource.set(source, known);
    }
    return known;
  }

  /** Forgets all scripts. */
  flush(): void {
    this.#bySha.clear();
    this.#bySource.clear();
    this.#bytes = 0;
    this.#evaluated = 0;
    this.#machine = undefined;
  }

  /**
   * Returns the machine that runs a script, and how it calls the script. The machine runs one at a time. Call `release`
   * after it.
   */
  prepare(script: Script): { readonly machine: Machine; readonly reference: number } {
    const known = script as KnownScript;
    const machine = this.#usable();
    if (known.machine !== machine) {
      known.reference = compile(machine, known.source);
      known.machine = machine;
    }
    return known;
  }

  /** Gives the machine up if it cannot be used again or has become large. */
  release(): void {
    const machine = this.#machine;
    if (machine !== undefined && (machine.isBroken || machine.bytes > LARGE)) this.#machine = undefined;
  }

  /** About how much memory the texts take, in bytes. */
  get #memory(): number {
    return this.#bytes + PER_SCRIPT * this.count;
  }

  #usable(): Machine {
    this.release();
    this.#machine ??= new Machine(MOST_SCRIPT_BYTES, this.#redisVersion);
    return this.#machine;
  }

  #add(source: string, isLoaded: boolean): KnownScript {
    const { flags } = readShebang(source);
    const size = source.length + PER_SCRIPT;
    while (this.#memory + size > MOST_SOURCE_BYTES && this.#evaluated > 0) this.#forgetOldest();
    if (this.#memory + size > MOST_SOURCE_BYTES) throw TOO_MANY;
    const machine = this.#usable();
    const reference = compile(machine, source);
    const sha = hash('sha1', Buffer.from(source, 'latin1'));
    const script: KnownScript = { sha, flags, source, isLoaded, machine, reference };
    this.#bySha.set(sha, script);
    this.#bySource.set(source, script);
    this.#bytes += source.length;
    if (!isLoaded && ++this.#evaluated > MOST_EVALUATED) this.#forgetOldest();
    return script;
  }

  /** Forgets the script that came with EVAL and was not used for longest. */
  #forgetOldest(): void {
    for (const script of this.#bySource.values()) {
      if (script.isLoaded) continue;
      this.#bySource.delete(script.source);
      this.#bySha.delete(script.sha);
      this.#bytes -= script.source.length;
      this.#evaluated--;
      if (script.machine === this.#machine && !script.machine.isBroken) script.machine.forget(script.reference);
      return;
    }
  }
}

/** Compiles a script without its shebang. The numbers of lines in errors still count that line. */
function compile(machine: Machine, source: string): number {
  return machine.compile(Buffer.from(source.slice(readShebang(source).length), 'latin1'));
}
