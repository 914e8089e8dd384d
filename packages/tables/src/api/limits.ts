/** Bounds of what one process writes. */
export interface TableLimits {
  /**
   * All rows together, in bytes, as estimated: what would go beyond is refused with `MEMORY_FULL`. Keep it well below the limit of the
   * heap. Default 1 GiB.
   */
  readonly bytesMax: number
  /** One row, in bytes, as estimated. Default 1 MiB. */
  readonly rowBytesMax: number
  /** Writes of one transaction. Default 10,000. */
  readonly writesMax: number
  /** How often a transaction is tried, when others change what it reads. Default 100. */
  readonly attemptsMax: number
}

export const limitDefaults: TableLimits = {
  bytesMax: 1024 ** 3,
  rowBytesMax: 1024 ** 2,
  writesMax: 10_000,
  attemptsMax: 100,
}
