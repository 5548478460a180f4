import { useEffect, useState } from 'preact/hooks';

export type Theme = 'light' | 'dark';

/** What the browser remembers of a choice. */
const STORED = 'respite-theme';
const system = matchMedia('(prefers-color-scheme: dark)');

/** Returns the theme that the user chose on this page, or else that of the system. */
function current(): Theme {
  const chosen = stored();
  if (chosen === 'light' || chosen === 'dark') return chosen;
  return system.matches ? 'dark' : 'light';
}

/** A browser may forbid storage. The choice then lasts as long as the page. */
function stored(): string | null {
  try {
    return localStorage.getItem(STORED);
  } catch {
    return null;
  }
}

function store(theme: Theme): void {
  try {
    // The system's theme is not a choice, so that the page goes on following the system.
    if (theme === (system.matches ? 'dark' : 'light')) localStorage.removeItem(STORED);
    else localStorage.setItem(STORED, theme);
  } catch {
    // See `stored`.
  }
}

/** Sets the theme before anything is drawn. */
export function applyTheme(theme: Theme = current()): void {
  document.documentElement.dataset.theme = theme;
}

/** Returns the theme, and a function that sets it. */
export function useTheme(): [Theme, (theme: Theme) => void] {
  const [theme, setTheme] = useState(current);
  useEffect(() => {
    const follow = () => {
      applyTheme();
      setTheme(current());
    };
    system.addEventListener('change', follow);
    return () => system.removeEventListener('change', follow);
  }, []);
  return [
    theme,
    (next) => {
      store(next);
      applyTheme(next);
      setTheme(next);
    },
  ];
}
