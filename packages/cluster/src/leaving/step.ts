/** The phases of leaving, in their order. Steps of one phase run at the same time. */
export const LEAVING_PHASES = [
  /** Say that this node is not ready, so that no more work is sent here: health checks, load balancers. */
  'unready',
  /** Leave groups and names, so that other nodes choose others. */
  'leave',
  /** Refuse new work, finish what is under way. */
  'drain',
  /** Give to others what only this node has. */
  'handOver',
  /** Close what connects this node with others. */
  'disconnect',
] as const

export type LeavingPhase = (typeof LEAVING_PHASES)[number]

export interface LeavingStep {
  readonly phase: LeavingPhase
  /** For logs and the outcome. */
  readonly name: string
  /** After so long the next phase begins all the same, 0 to 2,147,483,647. Default: `drainMs` for a step of the phase `drain`, else 5,000. */
  readonly timeoutMs?: number
  /** The signal aborts when the time is over, and when leaving is ended at once. What it throws is logged, and keeps nothing else from being done. */
  run(signal: AbortSignal): unknown
}

export interface StepOutcome {
  readonly phase: LeavingPhase
  readonly name: string
  /** `cut`: leaving was ended at once while it ran; `skipped`: before it began. */
  readonly result: 'done' | 'failed' | 'timeout' | 'cut' | 'skipped'
  /** What it threw. */
  readonly error?: unknown
  readonly tookMs: number
}
