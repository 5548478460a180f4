/** Redis' commands for data types that respite does not have, by type. An error names the type. */
const FOREIGN: Readonly<Record<string, readonly string[]>> = {
  lists: words(
    'blmove blmpop blpop brpop brpoplpush lindex linsert llen lmove lmpop lpop lpos lpush lpushx lrange lrem lset ltrim rpop rpoplpush rpush rpushx',
  ),
  sets: words(
    'sadd scard sdiff sdiffstore sinter sintercard sinterstore sismember smembers smismember smove spop srandmember srem sscan sunion sunionstore',
  ),
  'sorted sets': words(
    'bzmpop bzpopmax bzpopmin zadd zcard zcount zdiff zdiffstore zincrby zinter zintercard zinterstore zlexcount zmpop zmscore zpopmax zpopmin zrandmember zrange zrangebylex zrangebyscore zrangestore zrank zrem zremrangebylex zremrangebyrank zremrangebyscore zrevrange zrevrangebylex zrevrangebyscore zrevrank zscan zscore zunion zunionstore geoadd geodist geohash geopos georadius georadius_ro georadiusbymember georadiusbymember_ro geosearch geosearchstore',
  ),
  streams: words(
    'xack xadd xautoclaim xclaim xdel xgroup xinfo xlen xpending xrange xread xreadgroup xrevrange xsetid xtrim',
  ),
  scripts: words('eval eval_ro evalsha evalsha_ro fcall fcall_ro function script'),
  bitmaps: words('bitcount bitfield bitfield_ro bitop bitpos getbit setbit'),
  hyperloglogs: words('pfadd pfcount pfdebug pfmerge pfselftest'),
};

const KINDS: ReadonlyMap<string, string> = new Map(
  Object.entries(FOREIGN).flatMap(([kind, names]) => names.map((name) => [name, kind])),
);

/**
 * Returns the data type of a Redis command that respite does not have; otherwise undefined.
 * @param name In lower case.
 */
export function foreignKindOf(name: string): string | undefined {
  return KINDS.get(name);
}

function words(text: string): string[] {
  return text.split(' ');
}
