import { KubernetesError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import type { RetrySettings } from './retry.ts'

export interface KubernetesClientInit extends Partial<ClientSettings> {
  /** Default: nothing is logged. */
  readonly logger?: Logger
}

export interface ClientSettings extends RetrySettings {
  /** Time for a request with its answer and all its repetitions, in ms. Default 30,000. */
  readonly timeoutMs: number
  /** How often a request is sent in all, when it may be repeated. Default 5. */
  readonly attemptsMax: number
  /** First pause before a repetition, in ms, doubled each time; the server's Retry-After may ask for more. Default 100. */
  readonly backOffMs: number
  /** Longest pause, in ms. Default 5000. */
  readonly backOffMsMax: number
  /** Bytes of one answer. Default 256 MiB. */
  readonly responseBytesMax: number
  /** Tokens and certificates in files are read again after this time, in ms, and at once when the server refuses them. Default 60,000. */
  readonly rereadMs: number
  /** Default `tiebeam-k8s`. */
  readonly userAgent: string
}

const defaults: ClientSettings = {
  timeoutMs: 30_000,
  attemptsMax: 5,
  backOffMs: 100,
  backOffMsMax: 5000,
  responseBytesMax: 256 * 1024 * 1024,
  rereadMs: 60_000,
  userAgent: 'tiebeam-k8s',
}

/** What `setTimeout` can wait. */
const WAIT_MS_MAX = 0x7fffffff

/**
 * Checks options and fills in the defaults.
 * @throws KubernetesError `OPTION_INVALID`
 */
export function clientSettings({ logger: _logger, ...init }: KubernetesClientInit): ClientSettings {
  const given = Object.entries(init).filter(([, value]) => value !== undefined)
  for (const [name, value] of given) {
    const expected = (defaults as unknown as Record<string, unknown>)[name]
    if (expected === undefined) {
      throw new KubernetesError('OPTION_INVALID', `KubernetesClient: there is no option ${name}.`)
    }
    checkPositive(name, value, typeof expected)
  }
  return { ...defaults, ...Object.fromEntries(given) }
}

function checkPositive(name: string, value: unknown, type: string): void {
  const valid =
    type === 'string'
      ? typeof value === 'string' && /^[\x20-\x7e]+$/.test(value)
      : typeof value === 'number' && value > 0 && value <= (name.includes('Ms') ? WAIT_MS_MAX : Number.MAX_SAFE_INTEGER)
  if (valid) return
  const allowed = type === 'string' ? 'text in ASCII' : 'a number, more than 0'
  throw new KubernetesError(
    'OPTION_INVALID',
    `KubernetesClient: ${name} is ${JSON.stringify(value)}; it must be ${allowed}.`,
  )
}
