/** What happened, in the order in which it happened. */
export type FormationEvent =
  | { readonly type: 'started'; readonly connected: readonly string[] }
  /** A look-up ended well, or a strategy pushed: all names of that topology. */
  | { readonly type: 'listed'; readonly topology: string; readonly names: readonly string[] }
  | { readonly type: 'lookupFailed'; readonly topology: string; readonly error: unknown }
  | { readonly type: 'nodeup'; readonly name: string }
  | { readonly type: 'nodedown'; readonly name: string }
  /** An attempt has ended. Every `connect` effect is answered by exactly one of these two, an abandoned one too. */
  | { readonly type: 'connected'; readonly name: string }
  | {
      readonly type: 'connectFailed'
      readonly name: string
      readonly error: unknown
      readonly code: string
      /** Whether the peer is there but will not have us, so that trying again soon is of no use. */
      readonly refused: boolean
    }
  /** The time that `wakeAtMs` named has come. */
  | { readonly type: 'woken' }

/** What is to be done now. */
export type FormationEffect =
  /** Ask a polled strategy (answered by `listed` or `lookupFailed`), or tell a pushed one to refresh (not answered). */
  | { readonly type: 'lookUp'; readonly topology: string }
  | { readonly type: 'connect'; readonly name: string; readonly redialMs: number }
  /** Give up the attempt that is under way. */
  | { readonly type: 'abandon'; readonly name: string }
  /** The topology is the one that was the last to list it. */
  | { readonly type: 'disconnect'; readonly name: string; readonly topology: string }
  | FormationReport

/** What is worth a line in a log: changes, not repetitions. */
export type FormationReport =
  | {
      readonly type: 'listingChanged'
      readonly topology: string
      readonly added: readonly string[]
      readonly removed: readonly string[]
    }
  | { readonly type: 'lookupFailing'; readonly topology: string; readonly error: unknown }
  | { readonly type: 'lookupRecovered'; readonly topology: string }
  | { readonly type: 'peerRefuses'; readonly name: string; readonly error: unknown }
  | {
      readonly type: 'peerUnreachable'
      readonly name: string
      readonly error: unknown
      readonly missingMs: number
    }
  | { readonly type: 'peerFound'; readonly name: string; readonly missingMs: number }
