/** Bounds of what one process writes. */
export interface TableLimits {
  /** One row, in bytes, as estimated. Default 1 MiB. */
  readonly rowBytesMax: number
  /** Rows of one table, which is a `Map`: beyond it a new row is refused with `MEMORY_FULL`. Default, and at most, 16,000,000. */
  readonly rowsMax: number
  /** Writes of one transaction. Default 10,000. */
  readonly writesMax: number
  /** How often a transaction is tried, when others change what it reads. Default 100. */
  readonly attemptsMax: number
}

export const limitDefaults: TableLimits = {
  rowBytesMax: 1024 ** 2,
  // A Map holds 2^24, and what others have under way comes on top.
  rowsMax: 16_000_000,
  writesMax: 10_000,
  attemptsMax: 100,
}
