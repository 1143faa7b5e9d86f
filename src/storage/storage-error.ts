/**
 * @module Operating errors of the disk: each has a stable code, so that the command line can say what to do about it.
 * A storage error never speaks about the contents of a block: that is a verdict.
 */

export type StorageErrorCode =
  /** Another living process holds the data folder. */
  | 'database-locked'
  /** The folder holds another chain than the one asked for. */
  | 'database-wrong-chain'
  /** Written by a newer Pithead; this one does not know its format. */
  | 'database-newer-format'
  /** Asked to read a database that is not there. */
  | 'database-missing'
  /** A row does not decode: the file was damaged, or written by something else. */
  | 'database-corrupt'
  | 'database-closed'
  /** A payout was written by somebody else since it was read. */
  | 'payout-fenced'
  /** The write did not happen: disk full, or an input/output error. `cause` has the system's words. */
  | 'database-write-failed';

export class StorageError extends Error {
  override readonly name = 'StorageError';
  readonly code: StorageErrorCode;
  constructor(code: StorageErrorCode, text: string, cause?: unknown) {
    super(text, cause === undefined ? undefined : {cause});
    this.code = code;
  }
}
