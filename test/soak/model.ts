import { Failure, isError, type Reply, show } from '../tools/replies.js';
import type { Pressure, Span } from './stage.js';

/**
 * What a session may be like, as far as its one user can know. Its user knows what it sent and what came
 * back, but not when exactly the server acted, whether a command that was never answered was carried out, or
 * whether the session had to go to make room. So a session is a few possible worlds: each reply is worked out
 * in each of them, and those in which it would have been another are given up. The run fails when none is left.
 */

/** One way that a session may be. */
export interface World {
  alive: boolean;
  /** How it ended, if it is not alive. `evicted` only if nothing else explains it. */
  why: 'other' | 'evicted';
  data: Map<string, string>;
  /** In ms, 0 for none. */
  duration: number;
  deleteSession: boolean;
  extend: 'none' | 'get' | 'set' | 'both';
  shared: boolean;
  /** In seconds, 0 for none. */
  maxAge: number;
  /** The duration is running, and ends in this time. */
  due: Span | undefined;
  /** MAXAGE ends in this time. */
  end: Span | undefined;
}

export const NOWHERE: World = {
  alive: false,
  why: 'other',
  data: new Map(),
  duration: 0,
  deleteSession: true,
  extend: 'none',
  shared: false,
  maxAge: 0,
  due: undefined,
  end: undefined,
};

/** A command on one session. */
export interface Act {
  readonly words: readonly string[];
  /** The token that it was sent with; undefined if it reaches the session by name. */
  readonly token: string | undefined;
  /** It may be refused for lack of memory. */
  readonly takesMemory: boolean;
  /** Does to the world what the server is to do, and returns whether the reply is the one to it. */
  run(world: World, at: Span): (reply: Reply) => boolean;
  /** Called with the reply once it is known to be a possible one. */
  after?(reply: Reply, at: Span): void;
}

/** Acts on one session that are carried out together or not at all, of which nobody knows whether they were. */
export interface LostActs {
  readonly acts: readonly Act[];
  /** Those that follow may have been carried out without them: EXEC may have been stopped. */
  readonly mayBeRefused: boolean;
}

/** Two processes look at the clock, and round: a deadline may seem this much, in ms, earlier or later. */
export const SLACK = 3;
/** So many worlds may be told apart. Beyond, the session is given up. */
const MAX_WORLDS = 300;

export function start(world: World, at: Span): void {
  world.due = world.duration > 0 ? { from: at.from + world.duration, to: at.to + world.duration } : undefined;
}

/** The session's data was read. */
export function read(world: World, at: Span): void {
  if (world.due !== undefined && (world.extend === 'get' || world.extend === 'both')) start(world, at);
}

/** The session's data was changed. */
export function wrote(world: World, at: Span): void {
  if (world.due === undefined || world.extend === 'set' || world.extend === 'both') start(world, at);
}

function end(world: World, why: World['why'] = 'other'): World {
  return { ...NOWHERE, data: new Map(), shared: world.shared, why };
}

export class ModelSession {
  readonly name: string;
  #worlds: World[];
  /** The tokens that reach it, each with the time in which it stops to: Infinity for the present one. */
  readonly #tokens = new Map<string, Span>();
  #token: string;
  /** Since when it has not been seen. */
  #seenAt: number;
  readonly #pressure: Pressure;

  constructor(name: string, token: string, worlds: World[], seenAt: number, pressure: Pressure) {
    this.name = name;
    this.#worlds = worlds;
    this.#seenAt = seenAt;
    this.#pressure = pressure;
    this.#token = token;
    this.#tokens.set(token, FOREVER);
  }

  /** The present token. */
  get token(): string {
    return this.#token;
  }

  /** Some token that reaches it, or did. */
  someToken(pick: (tokens: readonly string[]) => string): string {
    return pick([...this.#tokens.keys()]);
  }

  rotated(token: string, grace: number, at: Span): void {
    if (grace === 0) this.#tokens.clear();
    else this.#tokens.set(this.#token, { from: at.from + grace, to: at.to + grace });
    this.#token = token;
    this.#tokens.set(token, FOREVER);
    for (const [old, { to }] of this.#tokens) if (to < at.from - 1000) this.#tokens.delete(old);
  }

  /** Whether it is certain that it is gone. */
  get gone(): boolean {
    return this.#worlds.every(({ alive }) => !alive);
  }

  /** Whether it is gone, and only eviction can have been why. */
  get evicted(): boolean {
    return this.#worlds.every(({ alive, why }) => !alive && why === 'evicted');
  }

  /** Whether it is alive at that time: yes, no, or maybe. */
  aliveAt(at: Span): 'yes' | 'no' | 'maybe' {
    const alive = new Set(this.#settled(at).map((world) => world.alive));
    if (alive.size === 2) return 'maybe';
    return alive.has(true) ? 'yes' : 'no';
  }

  /** Something ended it, or may have. */
  ended(certainly: boolean, at: Span): void {
    const settled = this.#settled(at);
    this.#worlds = distinct([...(certainly ? [] : settled), ...settled.map((world) => end(world))]);
    this.#seenAt = at.from;
  }

  /** A reply came to an act. @throws Error if it is right in no possible world. */
  settle(act: Act, reply: Reply, at: Span): void {
    const settled = this.#settled(at);
    const reach = this.#reach(act.token, at);
    const next: World[] = [];
    if (act.takesMemory && isError(reply, 'OOM') && this.#pressure.within(at)) {
      next.push(...settled);
    } else {
      for (const world of settled) {
        if (reach !== 'no') {
          const copy = { ...world, data: new Map(world.data) };
          if (act.run(copy, at)(reply)) next.push(copy);
        }
        if (reach !== 'yes' && act.run(end(world), at)(reply)) next.push(world);
      }
    }
    if (next.length === 0) {
      throw new Error(
        `${JSON.stringify(act.words)} was answered with ${show(reply)}, where ${JSON.stringify(settled.map(describe))} is known (token: ${reach}), at ${JSON.stringify(at)}`,
      );
    }
    this.#worlds = distinct(next);
    this.#seenAt = at.from;
    if (!(reply instanceof Failure)) act.after?.(reply, at);
  }

  /**
   * Acts were sent and never answered: any first few of them may have been carried out.
   * @returns false if that leaves too many possibilities.
   */
  lose(lost: readonly LostActs[], at: Span): boolean {
    let after = this.#settled(at);
    const possible = [...after];
    for (const { acts, mayBeRefused } of lost) {
      const noRoom = this.#pressure.within(at) && acts.some(({ takesMemory }) => takesMemory);
      let carriedOut = after;
      for (const act of acts) {
        const reach = this.#reach(act.token, at);
        carriedOut = distinct(
          carriedOut.flatMap((world) => {
            const copy = { ...world, data: new Map(world.data) };
            act.run(copy, at);
            return reach === 'yes' ? [copy] : [world, copy];
          }),
        );
      }
      after = mayBeRefused || noRoom ? distinct([...after, ...carriedOut]) : carriedOut;
      possible.push(...after);
      if (possible.length > MAX_WORLDS) return false;
    }
    this.#worlds = distinct(possible);
    this.#seenAt = at.from;
    return true;
  }

  #reach(token: string | undefined, at: Span): 'yes' | 'no' | 'maybe' {
    if (token === undefined) return 'yes';
    const until = this.#tokens.get(token);
    if (until === undefined || at.from > until.to + SLACK) return 'no';
    return at.to < until.from - SLACK ? 'yes' : 'maybe';
  }

  /** The worlds with what time and lack of memory may have done to them. */
  #settled(at: Span): World[] {
    const mayBeEvicted = this.#pressure.within({ from: this.#seenAt, to: at.to });
    return distinct(
      this.#worlds.flatMap((world) => {
        if (!world.alive) return [world];
        const now = later(world, at);
        return mayBeEvicted ? [...now, end(world, 'evicted')] : now;
      }),
    );
  }
}

const FOREVER: Span = { from: Infinity, to: Infinity };

/** What time may have made of a live session. */
function later(world: World, at: Span): World[] {
  const { due, end: aged } = world;
  const dueComes = comes(due, at);
  const agedComes = comes(aged, at);
  const worlds: World[] = [];
  if (agedComes !== 'no') worlds.push(end(world));
  if (agedComes === 'yes') return worlds;
  if (dueComes !== 'yes') worlds.push(world);
  if (dueComes !== 'no') {
    if (world.deleteSession) worlds.push(end(world));
    else worlds.push({ ...world, data: new Map(), due: undefined });
  }
  return worlds;
}

function comes(deadline: Span | undefined, at: Span): 'yes' | 'no' | 'maybe' {
  if (deadline === undefined || at.to < deadline.from - SLACK) return 'no';
  return at.from > deadline.to + SLACK ? 'yes' : 'maybe';
}

/** Each world once. Where two differ only in why the session is gone, the one that needs no eviction. */
function distinct(worlds: World[]): World[] {
  if (worlds.length < 2) return worlds;
  const byState = new Map<string, World>();
  for (const world of worlds) {
    const state = describe(world);
    if (byState.get(state)?.why !== 'other') byState.set(state, world);
  }
  return [...byState.values()];
}

function describe(world: World): string {
  if (!world.alive) return 'gone';
  const { data, why, ...rest } = world;
  return `${JSON.stringify(rest)}${JSON.stringify([...data])}`;
}
