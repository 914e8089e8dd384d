/** Stable codes of what can go wrong. The text of a message may change between releases, a code may not. */
export type TablesErrorCode =
  /** An option of a table, or of the tables as a whole, is not allowed. */
  | 'OPTION_INVALID'
  /** The process did not become a member in time. */
  | 'OPEN_TIMEOUT'
  // The authority
  /** The authority did not answer, or not in time: what was asked of it may have happened or may still happen. */
  | 'AUTHORITY_UNKNOWN'
  /** The authority will not have us: credentials or permissions. */
  | 'AUTHORITY_REFUSED'
  /** What lies where the authority keeps its record is no record of these tables, or one of a later release. Nothing was done. */
  | 'AUTHORITY_RECORD_INVALID'
  // Rows and transactions
  /** A row lacks its key, or has a value that is no key. */
  | 'KEY_INVALID'
  /** A row holds a value that has no term, or is no object. */
  | 'ROW_INVALID'
  /** The transaction function returned a promise, or used its transaction after its end. */
  | 'TRANSACTION_INVALID'
  /** Others changed what the transaction read, again and again. */
  | 'CONFLICT'
  /** A row with the same value in a unique index is there. */
  | 'UNIQUE_VIOLATED'
  /** The process was excluded with the transaction under way, and its outcome is no longer known. */
  | 'OUTCOME_UNKNOWN'
  /** Nothing was written: this member has not heard from its primary, or is in no view. */
  | 'CUT_OFF'
  /** Nothing was written: this process is no member yet, or no longer. */
  | 'NOT_A_MEMBER'
  /** Nothing was written: too many transactions of this process are under way. */
  | 'TOO_MANY_PENDING'
  /** Nothing was written: it was more than one transaction may write (`transactionBytesMax`). */
  | 'TRANSACTION_TOO_LARGE'
  /** Nothing was written: the tables would need more memory than `bytesMax`. */
  | 'MEMORY_FULL'
  /** The definition of a table does not fit to that of the cluster, or to another one of this process. */
  | 'SCHEMA_INCOMPATIBLE'
  | 'TABLES_STOPPED'
  // Calls of other nodes
  /** A table is not exposed to other nodes, or for reading alone. */
  | 'NOT_EXPOSED'
  /** A condition of a transaction does not hold. */
  | 'CONDITION_FAILED'
  /** An answer would have more rows than a message should. */
  | 'TOO_MANY_ROWS'

/** Every failure of this package that a caller can meet. */
export class TablesError extends Error {
  override readonly name = 'TablesError'
  readonly code: TablesErrorCode

  constructor(code: TablesErrorCode, message: string, init: { readonly cause?: unknown } = {}) {
    super(message, init.cause === undefined ? undefined : { cause: init.cause })
    this.code = code
  }
}
