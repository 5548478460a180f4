const DAY = 86_400_000;
const HOUR = 3_600_000;
const MINUTE = 60_000;
const SECOND = 1000;

/** Writes a length of time in ms in at most two units: `250 ms`, `4.2 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export function duration(ms: number): string {
  if (ms < 9.95) return `${ms < 0.05 ? 0 : ms.toFixed(1)} ms`;
  if (ms < SECOND) return `${Math.round(ms)} ms`;
  if (ms < 9950) return `${(ms / SECOND).toFixed(1)} s`;
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`;
  if (ms < HOUR) return two(ms, MINUTE, 'min', SECOND, 's');
  if (ms < DAY) return two(ms, HOUR, 'h', MINUTE, 'min');
  return two(ms, DAY, 'd', HOUR, 'h');
}

/** Writes the time left in ms like a clock that counts down: `0:07`, `12:30`, `2:05:00`, `3 d 4 h`. */
export function countdown(ms: number): string {
  // A session with 200 ms left is not over yet.
  const seconds = Math.ceil(Math.max(0, ms) / SECOND);
  if (seconds >= 86_400) return two(ms, DAY, 'd', HOUR, 'h');
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const padded = String(rest).padStart(2, '0');
  return hours === 0 ? `${minutes}:${padded}` : `${hours}:${String(minutes).padStart(2, '0')}:${padded}`;
}

function two(ms: number, large: number, largeName: string, little: number, littleName: string): string {
  const first = Math.floor(ms / large);
  const second = Math.floor((ms % large) / little);
  return second === 0 ? `${first} ${largeName}` : `${first} ${largeName} ${second} ${littleName}`;
}
