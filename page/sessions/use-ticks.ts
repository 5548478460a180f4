import { useEffect, useState } from 'preact/hooks';

/** Returns `performance.now()`, and renders again every `everyMs`. */
export function useTicks(everyMs: number): number {
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
