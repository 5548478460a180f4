import { eventually } from './eventually.js';
import { RedisServer } from './redis-server.js';

/** A primary with one replica, and three Sentinels that watch them under the name `sessions`. */
export class RedisSentinels {
  readonly primary: RedisServer;
  readonly replica: RedisServer;
  readonly sentinels: readonly RedisServer[];

  private constructor(primary: RedisServer, replica: RedisServer, sentinels: readonly RedisServer[]) {
    this.primary = primary;
    this.replica = replica;
    this.sentinels = sentinels;
  }

  /** @param downAfter After how many ms without an answer a server counts as failed. */
  static async start({ downAfter = 1000 } = {}): Promise<RedisSentinels> {
    const diskless = ['--repl-diskless-sync-delay', '0'];
    const primary = await RedisServer.start(diskless);
    const replica = await RedisServer.start([...diskless, '--replicaof', `127.0.0.1 ${primary.port}`]);
    await eventually(async () => /master_link_status:up/.test(String(await replica.ask('INFO', 'replication'))));
    const lines = [
      `sentinel monitor sessions 127.0.0.1 ${primary.port} 2`,
      `sentinel down-after-milliseconds sessions ${downAfter}`,
      'sentinel failover-timeout sessions 10000',
    ];
    const sentinels = await Promise.all([lines, lines, lines].map((it) => RedisServer.startSentinel(it)));
    const started = new RedisSentinels(primary, replica, sentinels);
    for (const sentinel of sentinels) {
      // A Sentinel finds the others, and the replica, by asking the primary.
      await eventually(async () => {
        const fields = (await sentinel.ask('SENTINEL', 'MASTER', 'sessions')) as string[];
        const number = (name: string) => Number(fields[fields.indexOf(name) + 1]);
        return number('num-slaves') === 1 && number('num-other-sentinels') === 2;
      });
    }
    return started;
  }

  readonly stop = async (): Promise<void> => {
    await Promise.all([this.primary, this.replica, ...this.sentinels].map((it) => it.stop()));
  };
}
