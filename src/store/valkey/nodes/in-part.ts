import { StoreError } from './nodes.js';

/**
 * Passes on the result of an operation that consists of several calls. If one of them has not run, others may have: the
 * error then says so, instead of promising that the operation has not run.
 */
export async function inPart<Result>(calls: Promise<Result>): Promise<Result> {
  try {
    return await calls;
  } catch (error) {
    if (!(error instanceof StoreError) || error.mayHaveRun) throw error;
    throw new StoreError(error.code, error.message.replace('has not run.', 'may have run in part.'), true);
  }
}
