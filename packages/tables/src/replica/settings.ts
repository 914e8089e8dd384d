/** Times in milliseconds, sizes in what their name says. */
export interface ReplicaSettings {
  /** How often `tick` is handed in. */
  readonly tickMs: number
  /** The primary lets itself be heard at least so often. */
  readonly heartbeatMs: number
  /** Not heard for this long, a member counts as lost. */
  readonly suspectAfterMs: number
  /** How long answers of other members are waited for before taking over. */
  readonly inquireMs: number
  /** When a transaction, a fence or a request to join is sent again. */
  readonly resendMs: number
  /** Between calls of the authority whose outcome is unknown. */
  readonly authorityRetryMs: number
  /** A primary looks at the authority so often, though nothing is wrong: a reset may have left it behind, or the record have vanished. */
  readonly authorityReadMs: number
  /** Entries in one message. */
  readonly appendEntriesMax: number
  /** And bytes, though always one entry. */
  readonly appendBytesMax: number
  /** Bytes of proposals in one message, though always one: small beside the output to a node, which other messages need as well. */
  readonly proposeBytesMax: number
  /** Entries on their way to one member. */
  readonly inFlightEntriesMax: number
  /** And bytes. */
  readonly inFlightBytesMax: number
  /** All rows together, as estimated: the primary refuses what would go beyond. */
  readonly storeBytesMax: number
  /** Entries kept: the primary appends no more until some can be forgotten. */
  readonly logEntriesMax: number
  /** And bytes, as estimated. */
  readonly logBytesMax: number
  /** Entries kept for those who return, though all of the view have applied them. */
  readonly logEntriesRetained: number
  /** And bytes. */
  readonly logBytesRetained: number
  /** Rows in one part of a snapshot. */
  readonly chunkRowsMax: number
  /** And bytes, though always one row. */
  readonly chunkBytesMax: number
  readonly chunksInFlightMax: number
  /** Rows that one entry lets expire. */
  readonly expiredRowsMax: number
  /** Rows that one tick puts into an index that a table was given later: some milliseconds of work. */
  readonly filledRowsMax: number
  /** Transactions of this process under way. */
  readonly pendingMax: number
  /** And the bytes of what they write, as estimated. */
  readonly pendingBytesMax: number
  /** What one transaction writes, as estimated: it travels in one message. */
  readonly transactionBytesMax: number
  /** How long the outcomes of a writer that left are remembered. */
  readonly outcomesKeptMs: number
}

export const replicaDefaults: ReplicaSettings = {
  tickMs: 50,
  heartbeatMs: 400,
  suspectAfterMs: 2000,
  inquireMs: 200,
  resendMs: 1000,
  authorityRetryMs: 500,
  authorityReadMs: 5000,
  appendEntriesMax: 512,
  appendBytesMax: 1024 ** 2,
  proposeBytesMax: 32 * 1024,
  inFlightEntriesMax: 4096,
  inFlightBytesMax: 8 * 1024 ** 2,
  storeBytesMax: 1024 ** 3,
  logEntriesMax: 100_000,
  logBytesMax: 256 * 1024 ** 2,
  logEntriesRetained: 20_000,
  logBytesRetained: 64 * 1024 ** 2,
  chunkRowsMax: 1024,
  chunkBytesMax: 512 * 1024,
  chunksInFlightMax: 16,
  expiredRowsMax: 1000,
  filledRowsMax: 5000,
  pendingMax: 10_000,
  pendingBytesMax: 128 * 1024 ** 2,
  transactionBytesMax: 64 * 1024 ** 2,
  outcomesKeptMs: 300_000,
}
