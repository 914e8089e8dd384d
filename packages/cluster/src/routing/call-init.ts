import { ClusterError } from '../errors.ts'

export interface GroupCallInit {
  /**
   * What is about the same thing goes to the same member: all nodes that see the same members choose the same one for a key, and few keys move when
   * members come and go. Default: any member.
   */
  readonly key?: string | number | bigint
  /** For everything: waiting for a member, asking others, the reply. 1 to 2,147,483,647. Default 5,000. */
  readonly timeoutMs?: number
  /**
   * Whether it does no harm when two members do it. Then another member is asked when the one that was asked is lost before it replied. Default
   * false: the caller is told `OUTCOME_UNKNOWN`.
   */
  readonly idempotent?: boolean
  /** How many members are asked at most, 1 or more. Default 10. */
  readonly attemptsMax?: number
  /** Gives up: the call rejects with its reason. What was sent may be done all the same. */
  readonly signal?: AbortSignal
}

export interface GroupCallOptions {
  readonly key: string | undefined
  readonly timeoutMs: number
  readonly idempotent: boolean
  readonly attemptsMax: number
  readonly signal: AbortSignal | undefined
}

const CALL_MS = 5_000
const ATTEMPTS_MAX = 10
/** What `setTimeout` can wait. */
const WAIT_MS_MAX = 0x7fffffff

/** @throws ClusterError `OPTION_INVALID` */
export function groupCallOptions(init: GroupCallInit): GroupCallOptions {
  const { key, timeoutMs = CALL_MS, idempotent = false, attemptsMax = ATTEMPTS_MAX, signal } = init
  if (key !== undefined && !['string', 'number', 'bigint'].includes(typeof key)) {
    throw invalid('key', typeof key, 'a string, a number or a bigint')
  }
  if (!(typeof timeoutMs === 'number' && timeoutMs > 0 && timeoutMs <= WAIT_MS_MAX)) {
    throw invalid('timeoutMs', timeoutMs, `a number above 0, up to ${WAIT_MS_MAX}`)
  }
  if (!(Number.isInteger(attemptsMax) && attemptsMax > 0)) {
    throw invalid('attemptsMax', attemptsMax, 'a whole number above 0')
  }
  return { key: key === undefined ? undefined : String(key), timeoutMs, idempotent, attemptsMax, signal }
}

function invalid(option: string, value: unknown, allowed: string): ClusterError {
  return new ClusterError('OPTION_INVALID', `cluster.call: ${option} is ${value}; it must be ${allowed}.`)
}
