import { DistributionError } from '@tiebeam/distribution'
import { CallError } from '@tiebeam/otp'

/** What an error says of the call that ended with it. */
export type Verdict =
  /** It provably never ran: it found nobody, or was refused. Another member may be asked. */
  | 'neverRan'
  /** The same, and this member may be asked again in a moment. */
  | 'full'
  /** It was on its way, and may have run. */
  | 'cut'
  /** The same, and there is nothing left to do: the time of the caller is over, or its node was stopped. */
  | 'over'
  /** It is what the caller is to have: asking another member would lead to the same. */
  | 'final'

export function verdictOn(error: unknown): Verdict {
  if (error instanceof DistributionError) {
    if (error.code === 'OUTPUT_FULL') return 'full'
    return error.code === 'NODE_STOPPED' ? 'over' : 'final'
  }
  if (!(error instanceof CallError)) return 'final'
  switch (error.code) {
    case 'NOPROC':
    case 'DRAINING':
      return 'neverRan'
    // Only members to which there is a link are called, so it was lost afterwards.
    case 'NODEDOWN':
    case 'SERVER_EXITED':
      return 'cut'
    case 'TIMEOUT':
      return 'over'
    case 'CALLING_SELF':
    case 'UNKNOWN_CALL':
    case 'REPLY_MALFORMED':
      return 'final'
  }
}
