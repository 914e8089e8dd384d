import type { Logger } from '@tiebeam/distribution'
import { messageOf } from '../../errors.ts'
import { LEAVING_PHASES, type LeavingPhase, type LeavingStep, type StepOutcome } from '../step.ts'

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
  const beganMs = performance.now()
  const ended = new AbortController()
  const timeoutMs = step.timeoutMs ?? defaultMs(phase, drainMs)
  const timer = setTimeout(() => ended.abort(new Error(`The step took longer than ${timeoutMs} ms.`)), timeoutMs)
  const cut = (): void => ended.abort(signal.reason)
  signal.addEventListener('abort', cut, { once: true })
  const stopped = new Promise<'stopped'>((resolve) => {
    ended.signal.addEventListener('abort', () => resolve('stopped'), { once: true })
  })
  const outcome = (result: StepOutcome['result']): StepOutcome => {
    const tookMs = Math.round(performance.now() - beganMs)
    return { phase, name, result, tookMs }
  }
  try {
    const end = await Promise.race([run(step, ended.signal), stopped])
    if (end !== 'stopped') return outcome('done')
    if (signal.aborted) return outcome('cut')
    logger.warn({ phase, step: name, timeoutMs }, `Leaving: ${name} was not done within ${timeoutMs} ms; going on.`)
    return outcome('timeout')
  } catch (error) {
    logger.warn({ phase, step: name, err: error }, `Leaving: ${name} failed; going on. ${messageOf(error)}`)
    return { ...outcome('failed'), error }
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', cut)
  }
}

/** `async`, so that a step which throws instead of rejecting does no harm. */
async function run(step: LeavingStep, signal: AbortSignal): Promise<'done'> {
  await step.run(signal)
  return 'done'
}

function defaultMs(phase: LeavingPhase, drainMs: number): number {
  return phase === 'drain' ? drainMs : STEP_MS
}
