/**
 * Times and limits of forming and healing. The defaults heal a mesh well within half a second of the network's return, and keep
 * what a cluster of fifty nodes spends on dead peers and on its name server small.
 */
export interface FormationSettings {
  /** Disconnects a peer that discovery listed once and lists no longer, as libcluster does. Default false: a live link stays. */
  readonly disconnectUnlisted: boolean
  /** First interval between look-ups while the cluster is incomplete; grows by half each time. Default 250. */
  readonly searchMs: number
  /** Longest interval between look-ups while a listed peer is missing or look-ups fail. Default 1000. */
  readonly searchMsMax: number
  /** Two look-ups of one topology never begin closer together than this, however many peers are lost. Default 200. */
  readonly lookupSpacingMs: number
  /** First wait after a failed attempt at a peer; grows by half each time. Default 100. */
  readonly retryMs: number
  /** Longest wait after a failed attempt at a peer that cannot be reached. Default 400. */
  readonly retryMsMax: number
  /** First wait after a peer has refused us (another cookie, another name at that address); doubles each time. Default 1000. */
  readonly refusedMs: number
  /** Longest wait after a refusal. Default 30 000. */
  readonly refusedMsMax: number
  /** A link that lasted less counts as a failed attempt, so that a peer which drops us at once is not dialled in a tight loop. Default 2000. */
  readonly settleMs: number
  /** Attempts under way at the same time. Default 128. */
  readonly dialsMax: number
  /** Attempts a second, over all missing peers: with more of them than this allows, each one waits longer than `retryMsMax`. Default 125. */
  readonly dialsPerSecondMax: number
  /** A listed peer is reported as unreachable when it has been missing so long. Default 3000. */
  readonly reportAfterMs: number
}

export const formationDefaults: FormationSettings = {
  disconnectUnlisted: false,
  searchMs: 250,
  searchMsMax: 1000,
  lookupSpacingMs: 200,
  retryMs: 100,
  retryMsMax: 400,
  refusedMs: 1000,
  refusedMsMax: 30_000,
  settleMs: 2000,
  dialsMax: 128,
  dialsPerSecondMax: 125,
  reportAfterMs: 3000,
}
