import { CodedError } from '../errors.js';

export const INVALID_CURSOR = new CodedError(
  'ERR',
  'invalid cursor: CURSOR must be 0 or a cursor that SESSION.LIST returned',
);
