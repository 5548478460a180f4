/** Why a data set is not saved or loaded. `code` is for programs, `message` for people: one line without a token. */
export class DataSetError extends Error {
  readonly code: DataSetErrorCode;

  constructor(code: DataSetErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DataSetError';
    this.code = code;
  }
}

export type DataSetErrorCode = 'ERR' | 'NODATASET' | 'OOM' | 'MISCONF';
