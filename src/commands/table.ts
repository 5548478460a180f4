import { acl } from './acl/acl.js';
import { hlen, scard, zcard } from './collections/count.js';
import { hrandfield, srandmember, zrandmember } from './collections/random.js';
import { hdel, srem, zrem } from './collections/remove.js';
import { hscan, sscan, zscan } from './collections/scan.js';
import { auth } from './connection/auth.js';
import { client } from './connection/client.js';
import { echo } from './connection/echo.js';
import { hello } from './connection/hello.js';
import { ping } from './connection/ping.js';
import { quit } from './connection/quit.js';
import { reset } from './connection/reset.js';
import { select } from './connection/select.js';
import type { Command } from './declaration/command.js';
import { CommandTable } from './declaration/command-table.js';
import { hexists } from './hashes/hexists.js';
import { hexpire, hexpireat, hpexpire, hpexpireat } from './hashes/hexpire.js';
import { hget } from './hashes/hget.js';
import { hgetall } from './hashes/hgetall.js';
import { hgetdel } from './hashes/hgetdel.js';
import { hgetex } from './hashes/hgetex.js';
import { hincrby } from './hashes/hincrby.js';
import { hincrbyfloat } from './hashes/hincrbyfloat.js';
import { hkeys, hvals } from './hashes/hkeys.js';
import { hmget } from './hashes/hmget.js';
import { hpersist } from './hashes/hpersist.js';
import { hmset, hset } from './hashes/hset.js';
import { hsetex } from './hashes/hsetex.js';
import { hsetnx } from './hashes/hsetnx.js';
import { hstrlen } from './hashes/hstrlen.js';
import { hexpiretime, hpexpiretime, hpttl, httl } from './hashes/httl.js';
import { jsonArrappend, jsonArrindex, jsonArrinsert, jsonArrlen, jsonArrpop, jsonArrtrim } from './json/arrays.js';
import { jsonClear } from './json/clear.js';
import { jsonDel, jsonForget } from './json/del.js';
import { jsonGet, jsonMget } from './json/get.js';
import { jsonMerge } from './json/merge.js';
import { jsonNumincrby, jsonNummultby } from './json/numbers.js';
import { jsonObjkeys, jsonObjlen } from './json/objects.js';
import { jsonMset, jsonSet } from './json/set.js';
import { jsonStrappend, jsonStrlen } from './json/strings.js';
import { jsonToggle } from './json/toggle.js';
import { jsonType } from './json/type.js';
import { copy } from './keys/copy.js';
import { del, unlink } from './keys/del.js';
import { exists } from './keys/exists.js';
import { expire, expireat, pexpire, pexpireat } from './keys/expire.js';
import { keys } from './keys/keys.js';
import { move } from './keys/move.js';
import { object } from './keys/object.js';
import { persist } from './keys/persist.js';
import { randomkey } from './keys/randomkey.js';
import { rename, renamenx } from './keys/rename.js';
import { scan } from './keys/scan.js';
import { touch } from './keys/touch.js';
import { expiretime, pexpiretime, pttl, ttl } from './keys/ttl.js';
import { type } from './keys/type.js';
import { publish, spublish } from './pubsub/publish.js';
import { pubsub } from './pubsub/pubsub.js';
import { psubscribe, punsubscribe, ssubscribe, subscribe, sunsubscribe, unsubscribe } from './pubsub/subscribe.js';
import { evalSha, evalShaReadOnly, evalText, evalTextReadOnly } from './scripts/eval.js';
import { script } from './scripts/script.js';
import { asking, cluster, readonly, readwrite } from './server/cluster.js';
import { introspection } from './server/command.js';
import { config } from './server/config.js';
import { dbsize } from './server/dbsize.js';
import { flushall, flushdb } from './server/flushall.js';
import { fcallReadOnly, fcallWriting, functions } from './server/function.js';
import { info } from './server/info.js';
import { latency } from './server/latency.js';
import { lolwut } from './server/lolwut.js';
import { memory } from './server/memory.js';
import { moduleCommand } from './server/module.js';
import { monitor } from './server/monitor.js';
import { failover, replicaof, slaveof } from './server/replication.js';
import { role } from './server/role.js';
import { bgrewriteaof, bgsave, lastsave, save } from './server/save.js';
import { shutdown } from './server/shutdown.js';
import { slowlog } from './server/slowlog.js';
import { swapdb } from './server/swapdb.js';
import { time } from './server/time.js';
import { wait, waitaof } from './server/wait.js';
import { sessionAdd } from './session/add.js';
import { sessionAppend } from './session/append.js';
import { sessionCas } from './session/cas.js';
import { sessionClear } from './session/clear.js';
import { sessionClearset } from './session/clearset.js';
import { sessionContains } from './session/contains.js';
import { sessionCount } from './session/count.js';
import { sessionDel } from './session/del.js';
import { sessionEnd } from './session/end.js';
import { sessionEndall } from './session/endall.js';
import { sessionEndid } from './session/endid.js';
import { sessionEndname } from './session/endname.js';
import { sessionExists } from './session/exists.js';
import { sessionExpire, sessionPexpire } from './session/expire.js';
import { sessionGet } from './session/get.js';
import { sessionGetall } from './session/getall.js';
import { sessionHelp } from './session/help.js';
import { sessionId } from './session/id.js';
import { sessionIncrby } from './session/incrby.js';
import { sessionInfo } from './session/info.js';
import { sessionJsonarrappend } from './session/jsonarrappend.js';
import { sessionJsondel } from './session/jsondel.js';
import { sessionJsonget } from './session/jsonget.js';
import { sessionJsonincrby } from './session/jsonincrby.js';
import { sessionJsonmerge } from './session/jsonmerge.js';
import { sessionJsonset } from './session/jsonset.js';
import { sessionKeypersist } from './session/keypersist.js';
import { sessionKeys } from './session/keys.js';
import { sessionKeypttl, sessionKeyttl } from './session/keyttl.js';
import { sessionList } from './session/list.js';
import { sessionLoad } from './session/load.js';
import { sessionMexists } from './session/mexists.js';
import { sessionMget } from './session/mget.js';
import { sessionNames } from './session/names.js';
import { sessionNew } from './session/new.js';
import { sessionOpen } from './session/open.js';
import { sessionRotate } from './session/rotate.js';
import { sessionSave } from './session/save.js';
import { sessionScan } from './session/scan.js';
import { sessionSet } from './session/set.js';
import { sessionPsetex, sessionSetex } from './session/setex.js';
import { sessionStats } from './session/stats.js';
import { sessionTokens } from './session/tokens.js';
import { sessionTouch } from './session/touch.js';
import { sessionPttl, sessionTtl } from './session/ttl.js';
import { sadd } from './sets/sadd.js';
import { sintercard } from './sets/sintercard.js';
import { sismember, smismember } from './sets/sismember.js';
import { smembers } from './sets/smembers.js';
import { smove } from './sets/smove.js';
import { spop } from './sets/spop.js';
import { sdiff, sdiffstore, sinter, sinterstore, sunion, sunionstore } from './sets/sunion.js';
import { zadd, zincrby } from './sorted-sets/zadd.js';
import { zcount, zlexcount } from './sorted-sets/zcount.js';
import { zintercard } from './sorted-sets/zintercard.js';
import { zmpop, zpopmax, zpopmin } from './sorted-sets/zpop.js';
import {
  zrange,
  zrangebylex,
  zrangebyscore,
  zrangestore,
  zrevrange,
  zrevrangebylex,
  zrevrangebyscore,
} from './sorted-sets/zrange.js';
import { zrank, zrevrank } from './sorted-sets/zrank.js';
import { zremrangebylex, zremrangebyrank, zremrangebyscore } from './sorted-sets/zremrange.js';
import { zmscore, zscore } from './sorted-sets/zscore.js';
import { zdiff, zdiffstore, zinter, zinterstore, zunion, zunionstore } from './sorted-sets/zunion.js';
import { xack } from './streams/xack.js';
import { xadd, xdel, xsetid } from './streams/xadd.js';
import { xautoclaim } from './streams/xautoclaim.js';
import { xclaim } from './streams/xclaim.js';
import { xgroup } from './streams/xgroup.js';
import { xinfo } from './streams/xinfo.js';
import { xlen } from './streams/xlen.js';
import { xpending } from './streams/xpending.js';
import { xrange, xrevrange } from './streams/xrange.js';
import { xread, xreadgroup } from './streams/xread.js';
import { xtrim } from './streams/xtrim.js';
import { append } from './strings/append.js';
import { delex, delifeq } from './strings/delex.js';
import { get } from './strings/get.js';
import { getdel } from './strings/getdel.js';
import { getex } from './strings/getex.js';
import { getrange, substr } from './strings/getrange.js';
import { getset } from './strings/getset.js';
import { decr, decrby, incr, incrby } from './strings/incr.js';
import { incrbyfloat } from './strings/incrbyfloat.js';
import { mget } from './strings/mget.js';
import { mset, msetex, msetnx } from './strings/mset.js';
import { set } from './strings/set.js';
import { psetex, setex } from './strings/setex.js';
import { setnx } from './strings/setnx.js';
import { setrange } from './strings/setrange.js';
import { strlen } from './strings/strlen.js';
import { discard } from './transactions/discard.js';
import { exec } from './transactions/exec.js';
import { multi } from './transactions/multi.js';
import { unwatch, watch } from './transactions/watch.js';

const session: readonly Command[] = [
  sessionNew,
  sessionOpen,
  sessionEnd,
  sessionEndname,
  sessionEndid,
  sessionEndall,
  sessionExists,
  sessionMexists,
  sessionInfo,
  sessionTtl,
  sessionPttl,
  sessionExpire,
  sessionPexpire,
  sessionTouch,
  sessionRotate,
  sessionId,
  sessionList,
  sessionTokens,
  sessionScan,
  sessionNames,
  sessionStats,
  sessionSave,
  sessionLoad,
];

const sessionData: readonly Command[] = [
  sessionSet,
  sessionSetex,
  sessionPsetex,
  sessionAdd,
  sessionCas,
  sessionIncrby,
  sessionAppend,
  sessionGet,
  sessionMget,
  sessionGetall,
  sessionDel,
  sessionContains,
  sessionKeyttl,
  sessionKeypttl,
  sessionKeypersist,
  sessionKeys,
  sessionCount,
  sessionClear,
  sessionClearset,
  sessionJsonget,
  sessionJsonset,
  sessionJsondel,
  sessionJsonmerge,
  sessionJsonarrappend,
  sessionJsonincrby,
];

const connection: readonly Command[] = [ping, echo, quit, reset, hello, auth, select, client];

const generic: readonly Command[] = [
  del,
  unlink,
  exists,
  type,
  touch,
  rename,
  renamenx,
  copy,
  move,
  keys,
  scan,
  randomkey,
  expire,
  pexpire,
  expireat,
  pexpireat,
  ttl,
  pttl,
  expiretime,
  pexpiretime,
  persist,
  object,
];

const strings: readonly Command[] = [
  get,
  set,
  delex,
  delifeq,
  getex,
  getdel,
  getset,
  setex,
  psetex,
  setnx,
  mget,
  mset,
  msetnx,
  msetex,
  append,
  strlen,
  getrange,
  substr,
  setrange,
  incr,
  decr,
  incrby,
  decrby,
  incrbyfloat,
];

const hashes: readonly Command[] = [
  hset,
  hmset,
  hsetnx,
  hget,
  hmget,
  hgetall,
  hdel,
  hexists,
  hlen,
  hkeys,
  hvals,
  hstrlen,
  hincrby,
  hincrbyfloat,
  hscan,
  hrandfield,
  hgetdel,
  hsetex,
  hgetex,
  hexpire,
  hpexpire,
  hexpireat,
  hpexpireat,
  httl,
  hpttl,
  hexpiretime,
  hpexpiretime,
  hpersist,
];

const sets: readonly Command[] = [
  sadd,
  srem,
  smembers,
  sismember,
  smismember,
  scard,
  sscan,
  srandmember,
  spop,
  smove,
  sunion,
  sinter,
  sdiff,
  sunionstore,
  sinterstore,
  sdiffstore,
  sintercard,
];

const sortedSets: readonly Command[] = [
  zadd,
  zincrby,
  zrem,
  zscore,
  zmscore,
  zcard,
  zcount,
  zrank,
  zrevrank,
  zrange,
  zrangestore,
  zrangebyscore,
  zrangebylex,
  zrevrange,
  zrevrangebyscore,
  zrevrangebylex,
  zlexcount,
  zremrangebyscore,
  zremrangebyrank,
  zremrangebylex,
  zpopmin,
  zpopmax,
  zmpop,
  zrandmember,
  zscan,
  zunion,
  zinter,
  zdiff,
  zunionstore,
  zinterstore,
  zdiffstore,
  zintercard,
];

const streams: readonly Command[] = [
  xread,
  xrange,
  xrevrange,
  xlen,
  xinfo,
  xgroup,
  xreadgroup,
  xack,
  xpending,
  xclaim,
  xautoclaim,
  xtrim,
  xadd,
  xdel,
  xsetid,
];

const json: readonly Command[] = [
  jsonGet,
  jsonMget,
  jsonSet,
  jsonMset,
  jsonDel,
  jsonForget,
  jsonMerge,
  jsonType,
  jsonNumincrby,
  jsonNummultby,
  jsonStrappend,
  jsonStrlen,
  jsonToggle,
  jsonClear,
  jsonArrappend,
  jsonArrindex,
  jsonArrinsert,
  jsonArrlen,
  jsonArrpop,
  jsonArrtrim,
  jsonObjkeys,
  jsonObjlen,
];

const listening: readonly Command[] = [
  subscribe,
  unsubscribe,
  psubscribe,
  punsubscribe,
  publish,
  ssubscribe,
  sunsubscribe,
  spublish,
  pubsub,
];

const scripting: readonly Command[] = [
  evalText,
  evalSha,
  evalTextReadOnly,
  evalShaReadOnly,
  script,
  functions,
  fcallWriting,
  fcallReadOnly,
];

const transactions: readonly Command[] = [multi, exec, discard, watch, unwatch];

const server: readonly Command[] = [
  introspection(() => table.entries),
  acl(() => table.entries),
  config,
  info,
  monitor,
  slowlog,
  latency,
  memory,
  dbsize,
  time,
  flushall,
  flushdb,
  swapdb,
  save,
  bgsave,
  lastsave,
  bgrewriteaof,
  shutdown,
  role,
  replicaof,
  slaveof,
  failover,
  wait,
  waitaof,
  cluster,
  asking,
  readonly,
  readwrite,
  moduleCommand,
  lolwut,
];

/** All commands. */
export const commands: readonly Command[] = [
  ...session,
  sessionHelp([...session, ...sessionData]),
  ...sessionData,
  ...generic,
  ...strings,
  ...hashes,
  ...sets,
  ...sortedSets,
  ...streams,
  ...json,
  ...listening,
  ...transactions,
  ...scripting,
  ...connection,
  ...server,
];

/** All commands by name. */
export const table = new CommandTable(commands);
