import type { Session, SessionEngine } from '../../engine/index.js';

/** How many keys of a database are looked at, so that INFO takes no longer with many. */
const MOST = 1000;

/** What INFO says of each database that has keys. */
export function keyspaceFields(engine: SessionEngine): Record<string, string> {
  const others = engine.databases.map((database) => ({ database, ...expiries(engine, database) }));
  const { pending } = engine.stats();
  const keys = engine.sizeOf(0);
  const expiring = others.reduce((left, { expires }) => left - expires, pending);
  const first = { database: 0, keys, expires: Math.min(Math.max(expiring, 0), keys), avgTtl: 0 };
  return Object.fromEntries(
    [first, ...others]
      .filter((database) => database.keys > 0)
      .map(({ database, keys, expires, avgTtl }) => [
        `db${database}`,
        `keys=${keys},expires=${expires},avg_ttl=${avgTtl}`,
      ]),
  );
}

/**
 * Returns how many keys of a database, from 1 on, expire, and in how many ms on average. In a large database, both are
 * estimated.
 */
function expiries(engine: SessionEngine, database: number) {
  const keys = engine.sizeOf(database);
  let looked = 0;
  let expiring = 0;
  let left = 0;
  engine.scanDatabase(database, startOf(engine, database, keys), MOST, (session: Session) => {
    looked++;
    const ms = engine.timeLeft(session);
    if (ms === Infinity) return;
    expiring++;
    left += ms;
  });
  return {
    keys,
    expires: looked === 0 ? 0 : Math.round((keys * expiring) / looked),
    avgTtl: expiring === 0 ? 0 : Math.max(0, Math.round(left / expiring)),
  };
}

/**
 * Returns a cursor from which there are `MOST` keys, or all: a random one, so that no part of a database is left out.
 */
function startOf(engine: SessionEngine, database: number, keys: number): number {
  return keys <= MOST ? 0 : engine.placeOf(database, Math.floor(Math.random() * (keys - MOST + 1)));
}
