/**
 * Why a client is refused, and what to do. Protected mode, as in Redis: a server with neither a password nor users
 * serves only its own machine (`Access.isProtected`). Otherwise anyone who found its port could read all sessions.
 */
export const PROTECTED_MODE =
  'respite is in protected mode: it has no password, so it accepts connections only from its own machine. ' +
  'To accept others, set a password (requirepass) or, if only your own programs can reach the port, ' +
  'turn protected mode off (protected-mode no).';
