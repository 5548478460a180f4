/** The events of sessions, for options that select some of them. The engine's table says what each one means. */
export const EVENT_NAMES = [
  'new',
  'expired',
  'cleared',
  'keyexpired',
  'ended',
  'limit',
  'maxage',
  'evicted',
  'replaced',
  'rotated',
  'renamed',
] as const;
