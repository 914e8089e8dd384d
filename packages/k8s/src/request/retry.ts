import type { KubernetesError, KubernetesErrorCode } from '../errors.ts'

export interface RetrySettings {
  /** How often a request is sent in all. */
  readonly attemptsMax: number
  /** First pause, in ms; each further one is twice as long, and each is cut by chance to between half of it and all. */
  readonly backOffMs: number
  readonly backOffMsMax: number
}

export interface FailedAttempt {
  readonly method: string
  /** 1 for the first. */
  readonly attempt: number
  readonly error: KubernetesError
  /** 0 to 1. */
  readonly random: number
}

/** What a read may meet today and not tomorrow. */
const transient: readonly KubernetesErrorCode[] = [
  'CONNECTION_FAILED',
  'TOO_MANY_REQUESTS',
  'INTERNAL_ERROR',
  'SERVICE_UNAVAILABLE',
  'SERVER_TIMEOUT',
]

/**
 * How long to wait before the request is sent again, in ms; undefined: it must not be. A write is repeated only after a 429 with
 * Retry-After, which the server sends before it has done anything. After all else it may have been done.
 */
export function retryDelayMs(settings: RetrySettings, failed: FailedAttempt): number | undefined {
  const { method, attempt, error, random } = failed
  if (attempt >= settings.attemptsMax) return undefined
  const refused = error.httpStatus === 429 && error.retryAfterMs !== undefined
  if (!refused && !(method === 'GET' && transient.includes(error.code))) return undefined
  return Math.max(error.retryAfterMs ?? 0, backOff(settings.backOffMs, settings.backOffMsMax, attempt, random))
}

/** The pause after the `attempt`-th failure, in ms: doubled each time, and cut by chance to between half of it and all. */
export function backOff(firstMs: number, msMax: number, attempt: number, random: number): number {
  const fullMs = Math.min(msMax, firstMs * 2 ** Math.min(attempt - 1, 30))
  return fullMs * (0.5 + random / 2)
}
