import type { Logger } from '@tiebeam/distribution'
import { messageOf } from '../../errors.ts'
import { bounded } from '../../shell/bounded.ts'
import { LEAVING_PHASES, type LeavingStep, type StepOutcome } from '../step.ts'

export interface LeavingInit {
  readonly steps: readonly LeavingStep[]
  /** What a step of the phase `drain` has, unless it says otherwise. */
  readonly drainMs: number
  readonly logger: Logger
  /** Ends it at once. */
  readonly signal: AbortSignal
}

const STEP_MS = 5_000

/** Takes the steps of leaving, phase by phase. Each is bounded in time, and none that fails keeps the others from being taken. Never rejects. */
export async function leave(init: LeavingInit): Promise<StepOutcome[]> {
  const outcomes: StepOutcome[] = []
  for (const phase of LEAVING_PHASES) {
    const steps = init.steps.filter((step) => step.phase === phase)
    outcomes.push(...(await Promise.all(steps.map((step) => take(step, init)))))
  }
  return outcomes
}

async function take(step: LeavingStep, { drainMs, logger, signal }: LeavingInit): Promise<StepOutcome> {
  const { phase, name } = step
  if (signal.aborted) return { phase, name, result: 'skipped', tookMs: 0 }
  const timeoutMs = step.timeoutMs ?? (phase === 'drain' ? drainMs : STEP_MS)
  const timeout = new Error(`It was not done within ${timeoutMs} ms.`)
  const beganMs = performance.now()
  const outcome = (result: StepOutcome['result']): StepOutcome => {
    return { phase, name, result, tookMs: Math.round(performance.now() - beganMs) }
  }
  try {
    await bounded((ended) => step.run(ended), { timeoutMs, timeoutError: () => timeout, signal })
    return outcome('done')
  } catch (error) {
    if (signal.aborted) return outcome('cut')
    logger.warn({ phase, step: name, err: error }, `Leaving: the step ${name} failed; going on. ${messageOf(error)}`)
    return error === timeout ? outcome('timeout') : { ...outcome('failed'), error }
  }
}
