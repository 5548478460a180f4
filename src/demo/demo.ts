import type { Clock } from '../engine/index.js';
import { Random } from './random.js';
import { RedisConnection } from './redis-connection.js';
import { Shop } from './shop.js';

/** A shop that is open, with its connections to the server. */
export class Demo {
  readonly #shop: Shop;
  readonly #connections: readonly RedisConnection[];
  #reminders = 0;

  private constructor(shop: Shop, connections: readonly RedisConnection[]) {
    this.#shop = shop;
    this.#connections = connections;
  }

  /**
   * Opens the shop.
   * @param port The port of a server on this machine.
   * @param seed The same seed gives the same customers.
   * @throws Error if it cannot connect.
   */
  static async open(port: number, clock: Clock, seed = 1): Promise<Demo> {
    const [site, couriers, reminders] = await Promise.all(
      ['site', 'couriers', 'reminders'].map((name) => RedisConnection.open(port, name)),
    );
    const shop = new Shop({ site, couriers, clock, random: new Random(seed) });
    const demo = new Demo(shop, [site, couriers, reminders]);
    await reminders.subscribe('__sessiondata__:expired:basket', () => {
      demo.#reminders++;
    });
    shop.open();
    return demo;
  }

  /** How many people would have been reminded of a basket that they forgot: `expired` events with the basket's data. */
  get reminders(): number {
    return this.#reminders;
  }

  close(): void {
    this.#shop.close();
    for (const connection of this.#connections) connection.close();
  }
}
