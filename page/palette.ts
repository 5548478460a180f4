/** The colours of the style sheet, for what is drawn on a canvas. */
export interface Palette {
  readonly ink: string;
  readonly muted: string;
  readonly line: string;
  readonly track: string;
  readonly accent: string;
  readonly card: string;
  /** The family of the text. */
  readonly font: string;
}

/** Reads the colours of the current theme. */
export function palette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  return {
    ink: colour('--ink'),
    muted: colour('--muted'),
    line: colour('--line'),
    track: colour('--track'),
    accent: colour('--accent'),
    card: colour('--card'),
    font: style.fontFamily,
  };
}
