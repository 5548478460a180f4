import { Command, InvalidArgumentError, type Option } from 'commander';

interface LoadTest {
  readonly name: string;
  readonly description: string;
  /** Its one argument, a whole number. */
  readonly argument: {
    readonly name: string;
    readonly description: string;
    readonly least: number;
    readonly usual: number;
  };
  readonly options?: readonly Option[];
}

export interface Settings {
  /** The argument. */
  readonly amount: number;
  readonly seed: number;
}

/**
 * Runs a load test as a program: reads the command line, prints the outcome and exits. If the test fails, it prints the
 * command that repeats the run.
 */
export async function runLoadTest<Options>(
  { name, description, argument, options = [] }: LoadTest,
  run: (settings: Settings & Options) => Promise<void>,
): Promise<never> {
  const program = new Command(name)
    .description(description)
    .argument(`[${argument.name}]`, argument.description, whole(argument.least), argument.usual)
    .option('--seed <number>', 'where all randomness comes from (default: the time)', whole(0))
    .allowExcessArguments(false);
  for (const option of options) program.addOption(option);
  program.parse();
  const given = program.opts<Options & { seed?: number }>();
  const { seed = Date.now() % 2 ** 32 } = given;
  const amount = program.processedArgs[0] as number;
  const repeat = `npm run ${name} -- ${[...process.argv.slice(2), ...(given.seed === undefined ? ['--seed', seed] : [])].join(' ')}`;
  console.log(repeat);
  // The programs that a test starts do not keep it alive.
  setInterval(() => {}, 60_000);
  try {
    await run({ ...given, seed, amount });
  } catch (error) {
    program.error(`${name} failed: ${(error as Error).stack}\nTo repeat it: ${repeat}`);
  }
  console.log('ok');
  process.exit(0);
}

/** Reads a whole number of at least `least`. */
export function whole(least: number): (text: string) => number {
  return (text) => {
    if (!/^\d{1,10}$/.test(text) || Number(text) < least) {
      throw new InvalidArgumentError(`Expected a whole number of at least ${least}.`);
    }
    return Number(text);
  };
}
