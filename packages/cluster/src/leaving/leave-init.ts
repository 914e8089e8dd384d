import { ClusterError } from '../errors.ts'
import { LEAVING_PHASES, type LeavingStep } from './step.ts'

export interface LeaveInit {
  /** How long what is under way may take to finish, in ms, 0 to 2,147,483,647. Default 10,000. */
  readonly drainMs?: number
  /** What else is to be done, each step in its phase. */
  readonly steps?: readonly LeavingStep[]
  /** Ends it at once, like a second call. */
  readonly signal?: AbortSignal
}

export interface LeaveOptions {
  readonly drainMs: number
  readonly steps: readonly LeavingStep[]
  readonly signal: AbortSignal | undefined
}

const DRAIN_MS = 10_000
/** What `setTimeout` can wait. */
const WAIT_MS_MAX = 0x7fffffff

/** @throws ClusterError `OPTION_INVALID` */
export function leaveOptions({ drainMs = DRAIN_MS, steps = [], signal }: LeaveInit): LeaveOptions {
  checkMs('drainMs', drainMs)
  for (const { name, phase, timeoutMs, run } of steps) {
    if (!LEAVING_PHASES.includes(phase)) {
      throw invalid(`the phase of the step ${name}`, phase, `one of ${LEAVING_PHASES.join(', ')}`)
    }
    if (typeof run !== 'function') throw invalid(`run of the step ${name}`, typeof run, 'a function')
    if (timeoutMs !== undefined) checkMs(`timeoutMs of the step ${name}`, timeoutMs)
  }
  return { drainMs, steps, signal }
}

function checkMs(option: string, value: number): void {
  if (!(typeof value === 'number' && value >= 0 && value <= WAIT_MS_MAX)) {
    throw invalid(option, value, `a number from 0 to ${WAIT_MS_MAX}`)
  }
}

function invalid(option: string, value: unknown, allowed: string): ClusterError {
  return new ClusterError('OPTION_INVALID', `Leaving: ${option} is ${JSON.stringify(value)}; it must be ${allowed}.`)
}
