import type { Clock } from '../engine/index.js';
import { ReplyError } from '../resp/reply-decoder.js';
import { CUSTOMERS, DEVICES, DISHES, NETWORKS, STREETS } from './goods.js';
import type { Random } from './random.js';
import { ConnectionClosed, type RedisConnection } from './redis-connection.js';

/** Durations in seconds, short enough to watch sessions expire. */
const SECONDS = {
  /** A basket that nobody touches. */
  basket: 8,
  /** A login that nobody uses. It ends after `login.most` in any case. */
  login: { idle: 15, most: 30 },
  /** A delivery whose courier does not report. */
  delivery: 10,
  /** After a login is confirmed by a password, requests that are on their way may still use the old token. */
  grace: 3,
  offer: 15,
  special: 8,
} as const;

/** A customer has at most this many logins. Another one ends the oldest. */
const LOGINS = 3;
/** Ms between two visitors, at least and at most. */
const VISITORS_EVERY = [100, 400] as const;
const OFFER_EVERY_MS = 40_000;
/** The number of people that take the offer at the same moment. */
const OFFER_TAKERS = 150;
const SPECIAL_EVERY_MS = 15_000;
/** Devices that stay logged in, for seconds between these limits. */
const REMEMBERED = { devices: 300, seconds: [30, 1300], seenEveryMs: 500 } as const;

interface ShopOptions {
  /** The connection of the web site. */
  readonly site: Pick<RedisConnection, 'call'>;
  /** The connection of the couriers' app. */
  readonly couriers: Pick<RedisConnection, 'call'>;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * A simulated pizza shop. Visitors fill baskets and forget them, customers log in, order, log out or just leave,
 * couriers report where they are. Every person is an asynchronous function that sends commands and pauses.
 */
export class Shop {
  readonly #site: ShopOptions['site'];
  readonly #couriers: ShopOptions['couriers'];
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #pauses = new Set<() => void>();
  #orders = 1000;
  #closed = false;

  constructor({ site, couriers, clock, random }: ShopOptions) {
    this.#site = site;
    this.#couriers = couriers;
    this.#clock = clock;
    this.#random = random;
  }

  /** Opens the shop. */
  open(): void {
    for (let i = 0; i < REMEMBERED.devices; i++) this.#start(() => this.#remember());
    this.#repeat(
      () => this.#random.between(...VISITORS_EVERY),
      0,
      () => this.#visit(),
    );
    this.#repeat(
      () => SPECIAL_EVERY_MS,
      1000,
      () => this.#announceSpecial(),
    );
    // The first offer comes soon, so that a viewer sees many sessions expire at once.
    this.#repeat(
      () => OFFER_EVERY_MS,
      5000,
      () => this.#makeOffer(),
    );
  }

  /** Sends no more commands. */
  close(): void {
    this.#closed = true;
    for (const cancel of this.#pauses) cancel();
    this.#pauses.clear();
  }

  /** Somebody fills a basket. Many walk away, and the basket expires. */
  async #visit(): Promise<void> {
    const random = this.#random;
    const basket = await this.#newSession('basket', SECONDS.basket, ['EXTEND', 'BOTH', 'DATA', ...this.#device()]);
    for (let left = random.between(0, 4); left > 0; left--) {
      await this.#think(1, 4);
      await this.#site.call('SESSION.INCRBY', basket, random.pick(DISHES), 1);
    }
    if (random.chance(0.4)) return;
    await this.#think(1, 5);
    await this.#logIn(basket);
  }

  /** The visitor logs in and takes the basket along. The new session has a new token, so nobody else knows it. */
  async #logIn(basket: string): Promise<void> {
    const random = this.#random;
    const name = `user:${random.pick(CUSTOMERS)}`;
    const contents = (await this.#site.call('SESSION.GETALL', basket)) as string[];
    const limits = ['EXTEND', 'BOTH', 'MAXAGE', SECONDS.login.most, 'LIMIT', LOGINS];
    let token = await this.#newSession(name, SECONDS.login.idle, [...limits, 'DATA', ...contents]);
    await this.#site.call('SESSION.END', basket);
    for (let left = random.between(1, 8); left > 0; left--) {
      await this.#think(1, 6);
      await this.#site.call('SESSION.GETALL', token);
    }
    if (random.chance(0.6)) token = await this.#order(token);
    await this.#leave(name, token);
  }

  /** The customer confirms the password and orders. Returns the new token. */
  async #order(token: string): Promise<string> {
    const confirmed = String(await this.#site.call('SESSION.ROTATE', token, 'GRACE', SECONDS.grace));
    await this.#site.call('SESSION.SET', confirmed, 'ordered', new Date(this.#clock.wall()).toISOString());
    this.#start(() => this.#deliver(++this.#orders));
    await this.#think(1, 5);
    return confirmed;
  }

  /** Some log out, here or everywhere. Others just leave, and their session expires. */
  async #leave(name: string, token: string): Promise<void> {
    const random = this.#random;
    const how = random.fraction();
    if (how < 0.1) await this.#site.call('SESSION.ENDNAME', name);
    else if (how < 0.5) await this.#site.call('SESSION.END', token);
    // A request that was on its way when the customer logged out: it is refused.
    if (how < 0.2) await this.#site.call('SESSION.SET', token, 'basket', random.pick(DISHES));
  }

  /** A courier reports positions. In a tunnel nothing is reported, and the delivery may expire. */
  async #deliver(number: number): Promise<void> {
    const random = this.#random;
    const data = ['status', 'in the oven', 'street', random.pick(STREETS)];
    const delivery = await this.#newSession(`delivery:${number}`, SECONDS.delivery, ['EXTEND', 'SET', 'DATA', ...data]);
    for (let left = random.between(3, 8); left > 0; left--) {
      await (random.chance(0.05) ? this.#think(9, 14) : this.#think(1, 4));
      const position = `${random.pick(STREETS)} ${random.between(1, 90)}`;
      await this.#couriers.call('SESSION.SET', delivery, 'status', 'on the way', 'position', position);
    }
    await this.#couriers.call('SESSION.END', delivery);
  }

  /** An offer that many people take at the same moment and that expires for all of them at the same moment. */
  async #makeOffer(): Promise<void> {
    const dish = this.#random.pick(DISHES);
    const takers = Array.from({ length: OFFER_TAKERS }, () =>
      this.#newSession('offer', SECONDS.offer, ['DATA', 'dish', dish, ...this.#device()]),
    );
    await Promise.all(takers);
  }

  /** Today's special: a shared session that stays, but loses its data when it expires. */
  async #announceSpecial(): Promise<void> {
    const name = 'special';
    const data = ['dish', this.#random.pick(DISHES)];
    try {
      await this.#site.call('SESSION.SET', String(await this.#site.call('SESSION.OPEN', name)), ...data);
    } catch (error) {
      if (!isRefusal(error, 'NOSESSION')) throw error;
      await this.#site.call('SESSION.NEW', name, SECONDS.special, 0, 'SHARED', 'DATA', ...data);
    }
  }

  /** A device that stays logged in and comes back now and then. */
  async #remember(): Promise<void> {
    const random = this.#random;
    const seconds = random.between(...REMEMBERED.seconds);
    const name = `remembered:${random.pick(CUSTOMERS)}`;
    const token = await this.#newSession(name, seconds, ['EXTEND', 'GET', 'DATA', ...this.#device()]);
    const average = (REMEMBERED.devices * REMEMBERED.seenEveryMs) / 1000;
    for (;;) {
      await this.#think(1, 2 * average);
      try {
        await this.#site.call('SESSION.GET', token, 'device');
      } catch (error) {
        if (!isRefusal(error, 'NOSESSION')) throw error;
        this.#start(() => this.#remember());
        return;
      }
    }
  }

  async #newSession(name: string, seconds: number, settings: readonly (string | number)[]): Promise<string> {
    return String(await this.#site.call('SESSION.NEW', name, seconds, 1, ...settings));
  }

  /** Returns the keys that a list of someone's devices shows. */
  #device(): string[] {
    const random = this.#random;
    return ['device', random.pick(DEVICES), 'address', `${random.pick(NETWORKS)}.${random.between(1, 254)}`];
  }

  /** Pauses for seconds between two limits. */
  #think(least: number, most: number): Promise<void> {
    return this.#pause(this.#random.between(least * 1000, most * 1000));
  }

  /** Resolves after `ms`, or never if the shop closes. */
  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#closed) return;
      const cancel = this.#clock.after(ms, () => {
        this.#pauses.delete(cancel);
        resolve();
      });
      this.#pauses.add(cancel);
    });
  }

  /** Starts somebody after `first` ms, and then again and again. */
  #repeat(every: () => number, first: number, somebody: () => Promise<void>): void {
    void this.#pause(first).then(() => {
      this.#start(somebody);
      this.#repeat(every, every(), somebody);
    });
  }

  /**
   * Starts somebody's visit. A person whose command is refused goes home: the session has expired, or the viewer ended
   * it.
   */
  #start(somebody: () => Promise<void>): void {
    somebody().catch((error) => {
      if (!(error instanceof ReplyError || error instanceof ConnectionClosed)) throw error;
    });
  }
}

function isRefusal(error: unknown, code: string): boolean {
  return error instanceof ReplyError && error.code === code;
}
