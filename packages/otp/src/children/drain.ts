import type { ShutdownMs } from '../child-spec.ts'
import { invalidOption } from '../invalid-option.ts'
import { WAIT_MS_MAX } from '../wait-ms.ts'

const DRAIN_MS = 4_000

/**
 * How long what a child serves may go on after it was told to shut down: less than the child itself has.
 * @throws OtpError `OPTION_INVALID`
 */
export function drainMsOf(init: { readonly drainMs?: number; readonly shutdownMs?: ShutdownMs }): number {
  const { drainMs, shutdownMs = 5_000 } = init
  if (shutdownMs === 'brutalKill') return 0
  if (drainMs === undefined) return Math.min(DRAIN_MS, shutdownMs * 0.8)
  if (typeof drainMs === 'number' && drainMs >= 0 && drainMs <= WAIT_MS_MAX && (drainMs < shutdownMs || drainMs === 0))
    return drainMs
  throw invalidOption('drainMs', drainMs, `a number from 0 to ${WAIT_MS_MAX}, less than shutdownMs (${shutdownMs})`)
}
