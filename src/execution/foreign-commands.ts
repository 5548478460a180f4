/** Redis' commands for what respite does not have, by what that is. An error names it. */
const FOREIGN: Readonly<Record<string, readonly string[]>> = {
  lists: words(
    'blmove blmpop blpop brpop brpoplpush lindex linsert llen lmove lmpop lpop lpos lpush lpushx lrange lrem lset ltrim rpop rpoplpush rpush rpushx',
  ),
  'blocking commands': words('bzmpop bzpopmax bzpopmin'),
  'geographic data': words(
    'geoadd geodist geohash geopos georadius georadius_ro georadiusbymember georadiusbymember_ro geosearch geosearchstore',
  ),
  bitmaps: words('bitcount bitfield bitfield_ro bitop bitpos getbit setbit'),
  hyperloglogs: words('pfadd pfcount pfdebug pfmerge pfselftest'),
};

const KINDS: ReadonlyMap<string, string> = new Map(
  Object.entries(FOREIGN).flatMap(([kind, names]) => names.map((name) => [name, kind])),
);

/**
 * Returns what a Redis command is for that respite does not have; otherwise undefined.
 * @param name In lower case.
 */
export function foreignKindOf(name: string): string | undefined {
  return KINDS.get(name);
}

const NO_DUMPS = 'respite does not read or write dumps of single keys. COPY copies a key, and SESSION.SAVE saves all';
const NO_SORT = 'respite does not sort: sort on the client';
const NO_REPLICAS = 'respite has no replicas. The option "store" lets several servers serve the same sessions';

/**
 * Returns why respite does not have a command of Redis; undefined if it has it or does not know it.
 * @param name In lower case.
 */
export function reasonFor(name: string): string | undefined {
  const kind = foreignKindOf(name);
  if (kind === undefined) return reasonWithout(name);
  return `respite has strings, hashes, sets, sorted sets and sessions, but no ${kind}`;
}

/** Other commands of Redis that respite does not have, and what to do instead. */
const REASONS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    debug: 'respite has no commands for debugging the server. INFO, LATENCY and SLOWLOG show what it does',
    digest: 'respite computes no digests. IFEQ and IFNE compare values themselves',
    dump: NO_DUMPS,
    restore: NO_DUMPS,
    'restore-asking': NO_DUMPS,
    migrate: NO_DUMPS,
    lcs: 'respite does not compare strings: compare them on the client',
    sort: NO_SORT,
    sort_ro: NO_SORT,
    psync: NO_REPLICAS,
    sync: NO_REPLICAS,
    replconf: NO_REPLICAS,
    sentinel: 'this is not a Sentinel. Connect to the server without one',
  }),
);

/**
 * Returns why respite does not have a command of Redis; undefined if it is not known.
 * @param name In lower case.
 */
export function reasonWithout(name: string): string | undefined {
  return REASONS.get(name);
}

function words(text: string): string[] {
  return text.split(' ');
}
