import { Slice } from '../slice.js';
import type { Command } from './command.js';
import { type CommandEntry, entryOf } from './command-entry.js';
import { auth } from './connection/auth.js';
import { client } from './connection/client.js';
import { echo } from './connection/echo.js';
import { hello } from './connection/hello.js';
import { ping } from './connection/ping.js';
import { quit } from './connection/quit.js';
import { reset } from './connection/reset.js';
import { select } from './connection/select.js';
import { withHelp } from './container-help.js';
import { hlen } from './keys/hlen.js';
import { scan } from './keys/scan.js';
import { type } from './keys/type.js';
import { publish } from './pubsub/publish.js';
import { pubsub } from './pubsub/pubsub.js';
import { psubscribe, punsubscribe, subscribe, unsubscribe } from './pubsub/subscribe.js';
import { introspection } from './server/command.js';
import { config } from './server/config.js';
import { dbsize } from './server/dbsize.js';
import { flushall, flushdb } from './server/flushall.js';
import { info } from './server/info.js';
import { latency } from './server/latency.js';
import { memory } from './server/memory.js';
import { monitor } from './server/monitor.js';
import { bgrewriteaof, bgsave, lastsave, save } from './server/save.js';
import { shutdown } from './server/shutdown.js';
import { slowlog } from './server/slowlog.js';
import { time } from './server/time.js';
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
import { sessionEndname } from './session/endname.js';
import { sessionExists } from './session/exists.js';
import { sessionExpire, sessionPexpire } from './session/expire.js';
import { sessionGet } from './session/get.js';
import { sessionGetall } from './session/getall.js';
import { sessionHelp } from './session/help.js';
import { sessionIncrby } from './session/incrby.js';
import { sessionInfo } from './session/info.js';
import { sessionKeys } from './session/keys.js';
import { sessionLoad } from './session/load.js';
import { sessionMexists } from './session/mexists.js';
import { sessionMget } from './session/mget.js';
import { sessionNew } from './session/new.js';
import { sessionOpen } from './session/open.js';
import { sessionRotate } from './session/rotate.js';
import { sessionSave } from './session/save.js';
import { sessionScan } from './session/scan.js';
import { sessionSet } from './session/set.js';
import { sessionStats } from './session/stats.js';
import { sessionTokens } from './session/tokens.js';
import { sessionTouch } from './session/touch.js';
import { sessionPttl, sessionTtl } from './session/ttl.js';
import { discard } from './transactions/discard.js';
import { exec } from './transactions/exec.js';
import { multi } from './transactions/multi.js';
import { unwatch, watch } from './transactions/watch.js';

const session: readonly Command[] = [
  sessionNew,
  sessionOpen,
  sessionEnd,
  sessionEndname,
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
  sessionTokens,
  sessionScan,
  sessionStats,
  sessionSave,
  sessionLoad,
];

const sessionData: readonly Command[] = [
  sessionSet,
  sessionAdd,
  sessionCas,
  sessionIncrby,
  sessionAppend,
  sessionGet,
  sessionMget,
  sessionGetall,
  sessionDel,
  sessionContains,
  sessionKeys,
  sessionCount,
  sessionClear,
  sessionClearset,
];

const connection: readonly Command[] = [ping, echo, quit, reset, hello, auth, select, withHelp(client)];

const keys: readonly Command[] = [scan, type, hlen];

const listening: readonly Command[] = [subscribe, unsubscribe, psubscribe, punsubscribe, publish, withHelp(pubsub)];

const transactions: readonly Command[] = [multi, exec, discard, watch, unwatch];

const server: readonly Command[] = [
  withHelp(introspection(() => entries)),
  withHelp(config),
  info,
  monitor,
  withHelp(slowlog),
  withHelp(latency),
  withHelp(memory),
  dbsize,
  time,
  flushall,
  flushdb,
  save,
  bgsave,
  lastsave,
  bgrewriteaof,
  shutdown,
];

/** Every command there is. */
export const commands: readonly Command[] = [
  ...session,
  sessionHelp([...session, ...sessionData]),
  ...sessionData,
  ...keys,
  ...listening,
  ...transactions,
  ...connection,
  ...server,
];

const entries: ReadonlyMap<string, CommandEntry> = new Map(commands.map((command) => [command.name, entryOf(command)]));
/** The two spellings that clients use, so that most requests are found without changing their case. */
const spellings = new Map(
  [...entries].flatMap(([name, entry]) => [
    [name, entry],
    [name.toUpperCase(), entry],
  ]),
);

let latestName = Slice.of('');
let latestEntry: CommandEntry | undefined;

/** @param name As the client spelt it. */
export function findCommand(name: Slice): CommandEntry | undefined {
  // Most requests are for the same command as the one before: comparing a few bytes is quicker than making a string.
  if (name.equals(latestName)) return latestEntry;
  const spelt = name.latin1();
  const entry = spellings.get(spelt) ?? entries.get(spelt.toLowerCase());
  if (entry !== undefined) {
    latestName = Slice.of(name.copy());
    latestEntry = entry;
  }
  return entry;
}
