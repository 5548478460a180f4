/** Names and things of the simulated shop. The addresses are from the ranges that RFC 5737 reserves for examples. */

export const CUSTOMERS = [
  'ada',
  'alan',
  'barbara',
  'björn',
  'claude',
  'donald',
  'dorothy',
  'edsger',
  'frances',
  'grace',
  'hedy',
  'joan',
  'katherine',
  'ken',
  'lynn',
  'margaret',
  'niklaus',
  'radia',
  'sophie',
  'zoë',
] as const;

export const DISHES = [
  'margherita',
  'funghi',
  'quattro stagioni',
  'diavola',
  'marinara',
  'tiramisù',
  'espresso',
  'acqua frizzante',
] as const;

export const DEVICES = [
  'Firefox on Linux',
  'Chrome on Android',
  'Safari on iPhone',
  'Edge on Windows',
  'Safari on macOS',
  'the app on iPad',
] as const;

export const STREETS = ['Bakery Lane', 'Harbour Bridge', 'Mill Road', 'Station Square', 'Castle Hill', 'Rose Street'];

export const NETWORKS = ['192.0.2', '198.51.100', '203.0.113'] as const;
