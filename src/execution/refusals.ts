import { usageOf } from '../commands/declaration/command.js';
import { type CommandEntry, takesWords } from '../commands/declaration/command-entry.js';
import {
  type CodedError,
  NOT_AUTHENTICATED,
  noPermission,
  notOfSubscriber,
  OUT_OF_MEMORY,
  wrongNumberOfArguments,
} from '../errors.js';
import type { Request } from '../resp/request.js';
import type { Context } from './context/context.js';
import { takesMemory } from './growth.js';

/** Returns why a request may neither run nor be queued for EXEC; undefined if it may. */
export function refusalOf(context: Context, entry: CommandEntry, request: Request): CodedError | undefined {
  if (!takesWords(entry, request.length)) return wrongNumberFor(entry);
  const refusal = refusalNow(context, entry);
  if (refusal !== undefined) return refusal;
  if (entry.takesMemory && !context.engine.makeRoom() && takesMemory(entry, request)) return OUT_OF_MEMORY;
  return undefined;
}

function wrongNumberFor({ command, fullName }: CommandEntry): CodedError {
  const usage = `${fullName.toUpperCase()} ${usageOf(command.arguments)}`.trimEnd();
  return wrongNumberOfArguments(fullName, fullName.startsWith('session.') ? usage : undefined);
}

/**
 * Returns why a command may not run now, whatever its arguments; undefined if it may. EXEC asks again, because all of
 * this may have changed.
 */
export function refusalNow(context: Context, entry: CommandEntry): CodedError | undefined {
  const { client, server, reply } = context;
  const refusal = refusalOfClient(context, entry);
  if (refusal !== undefined) return refusal;
  if (reply.protocol === 2 && !entry.whileSubscribed && client.subscriptions > 0)
    return notOfSubscriber(entry.fullName);
  return server.gate?.refusalOf(entry);
}

/** Like `refusalNow`, but only for reasons that the client's own commands can change: AUTH. */
export function refusalOfClient({ client, server }: Context, entry: CommandEntry): CodedError | undefined {
  if (entry.needsAuth) {
    if (client.user === undefined) return NOT_AUTHENTICATED;
    if ((entry.needs & ~client.user.permissions) !== 0) {
      server.counters.deniedCommands++;
      server.aclLog.add('command', entry.fullName, client.user.name, client);
      return noPermission(client.user.name, entry.fullName);
    }
  }
  return undefined;
}
