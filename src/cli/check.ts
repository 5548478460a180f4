import type { Command } from 'commander';
import { checkJournal, checkLines, JournalError } from '../journal/index.js';

/** Adds `respite check`. */
export function addCheckCommand(program: Command): void {
  program
    .command('check')
    .usage('[--fix] <file>')
    .description('Check the journal, one file of it, or a saved data set for damage.')
    .allowExcessArguments(false)
    .argument('<file>', 'The directory of the journal, its manifest, or one file.')
    .option('--fix', 'Keep what is good, and move the original aside.')
    .helpOption('-h, --help', 'Show this help.')
    .action(check);
}

async function check(file: string, options: { fix?: boolean }, command: Command): Promise<void> {
  try {
    const report = await checkJournal(file, options);
    for (const line of checkLines(report)) console.log(line);
    if (!report.isGood) process.exitCode = 1;
  } catch (error) {
    if (error instanceof JournalError) command.error(`error: ${error.message}`);
    throw error;
  }
}
