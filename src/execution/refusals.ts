import type { CommandEntry } from '../commands/declaration/command-entry.js';
import { CodedError, cannotPersist, LOADING } from '../errors.js';
import type { Context } from './context/context.js';

const NOAUTH = new CodedError('NOAUTH', 'Authentication required.');

/** Why a command may not run now, whatever its arguments; undefined if it may. EXEC asks again: all of it may have changed. */
export function refusalNow(context: Context, entry: CommandEntry): CodedError | undefined {
  const { client, server, reply } = context;
  const refusal = refusalOfClient(context, entry);
  if (refusal !== undefined) return refusal;
  if (reply.protocol === 2 && !entry.whileSubscribed && client.subscriptions > 0) {
    return new CodedError(
      'ERR',
      `Can't execute '${entry.fullName}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context`,
    );
  }
  const { durability } = server;
  if (durability !== undefined) {
    if (durability.progress !== undefined && !entry.whileLoading) return LOADING;
    if (entry.writes && durability.failure !== undefined) return cannotPersist(durability.failure);
  }
  return undefined;
}

/** As `refusalNow`, but only what a command that the client sends may change: AUTH, SELECT. */
export function refusalOfClient({ client, server }: Context, entry: CommandEntry): CodedError | undefined {
  if (entry.needsAuth) {
    if (client.user === undefined) return NOAUTH;
    if ((entry.needs & ~client.user.permissions) !== 0) {
      server.counters.deniedCommands++;
      return new CodedError(
        'NOPERM',
        `User ${client.user.name} has no permissions to run the '${entry.fullName}' command`,
      );
    }
  }
  if (client.refusedDatabase !== undefined && entry.usesDatabase) {
    return new CodedError(
      'ERR',
      `SELECT ${client.refusedDatabase} was refused, so this connection has no database (respite has only database 0): SELECT 0 to go on`,
    );
  }
  return undefined;
}

/** EXEC's error for a refusal: none of the commands has run. */
export function aborted({ code, message }: CodedError): CodedError {
  const reason = code === 'ERR' ? message : `${code} ${message}`;
  return new CodedError('EXECABORT', `Transaction discarded because of: ${reason}`);
}
