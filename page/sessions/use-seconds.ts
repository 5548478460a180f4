import { useEffect, useState } from 'preact/hooks';

/** Returns `performance.now()`, anew four times a second: enough for seconds that tick. */
export function useSeconds(): number {
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), 250);
    return () => clearInterval(timer);
  }, []);
  return now;
}
