/** A fenced code block of a page. */
export interface CodeBlock {
  /** `js`, `console`, … Empty if it has none. */
  readonly language: string;
  /** What follows the language on its line. Readers of the page do not see it. */
  readonly note: string;
  readonly text: string;
  /** Where it starts, from 1. */
  readonly line: number;
}

/** The code blocks of a page in Markdown, in order. */
export function codeBlocks(page: string): CodeBlock[] {
  return [...page.matchAll(/^```(\S*) *([^\n]*)\n(.*?)^```$/gms)].map(({ 1: language, 2: note, 3: text, index }) => ({
    language,
    note,
    text,
    line: page.slice(0, index).split('\n').length,
  }));
}

/** The file that a block is to be saved as: its first line is a comment with the name. Undefined if it has none. */
export function fileName({ text }: CodeBlock): string | undefined {
  return /^(?:\/\/|#) ([\w.-]+)\n/.exec(text)?.[1];
}

/** A command on a console, and what it prints. */
export interface ConsoleStep {
  readonly command: string;
  readonly output: string;
}

/** The commands of a console block: a line that starts with `$ ` is one, the lines that follow are its output. */
export function consoleSteps({ text }: CodeBlock): ConsoleStep[] {
  return text
    .split(/^\$ /m)
    .slice(1)
    .map((step) => {
      const [command, ...output] = step.trimEnd().split('\n');
      return { command, output: output.join('\n') };
    });
}

/**
 * Whether a block sets up a machine: settings of a service, or commands that need root, Docker or downloads. No test
 * runs it.
 */
export function setsUpMachine({ language, note }: CodeBlock): boolean {
  return language === 'ini' || note === 'sets-up-a-machine';
}
