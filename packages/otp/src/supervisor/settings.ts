import type { ChildSpec, ShutdownMs } from '../child-spec.ts'
import type { OtpError } from '../errors.ts'
import { invalidOption } from '../invalid-option.ts'
import { WAIT_MS_MAX } from '../wait-ms.ts'

/**
 * Which children are restarted when one ends. `oneForOne`: that one. `oneForAll`: all. `restForOne`: that one and those that were
 * started after it.
 */
export type Strategy = 'oneForOne' | 'oneForAll' | 'restForOne'

/** Whether the end of significant children ends the supervisor: of any of them, of the last of them, or never. */
export type AutoShutdown = 'never' | 'anySignificant' | 'allSignificant'

/** What every supervisor has. One that gives up leaves the matter to its own supervisor. */
export interface SupervisorLimits {
  /** So many restarts are allowed within `withinMs`, and one more makes the supervisor give up. Default 1, as in OTP. */
  readonly restartsMax?: number
  /** Default 5,000, as in OTP. */
  readonly withinMs?: number
  /** Requests that wait while it starts or ends a child; further ones are refused with `SUPERVISOR_BUSY`. Default 100,000. */
  readonly requestsMax?: number
}

export interface StaticInit extends SupervisorLimits {
  /** Default 'oneForOne'. */
  readonly strategy?: Strategy
  /** Started in this order, and stopped in the reverse order. */
  readonly children: readonly ChildSpec[]
  /** Default 'never'. */
  readonly autoShutdown?: AutoShutdown
}

export interface DynamicInit extends SupervisorLimits {
  /** So many children at a time; `startChild` rejects with `CHILDREN_MAX` instead of exceeding it. Default: no limit. */
  readonly childrenMax?: number
}

/** A child's specification with its defaults filled in. */
export type CheckedSpec = Required<ChildSpec>

/** What a supervisor goes by, checked and with defaults filled in. */
export interface Settings {
  readonly strategy: Strategy | 'dynamic'
  readonly restartsMax: number
  readonly withinMs: number
  readonly requestsMax: number
  readonly autoShutdown: AutoShutdown
  readonly childrenMax: number
  readonly children: readonly CheckedSpec[]
}

const STRATEGIES = ['oneForOne', 'oneForAll', 'restForOne'] as const
const AUTO_SHUTDOWNS = ['never', 'anySignificant', 'allSignificant'] as const
const RESTARTS = ['permanent', 'transient', 'temporary'] as const
const TYPES = ['worker', 'supervisor'] as const
const RESTARTS_MAX = 1
const WITHIN_MS = 5_000
const REQUESTS_MAX = 100_000
const SHUTDOWN_MS = 5_000

/** @throws OtpError `OPTION_INVALID` */
export function staticSettings(init: StaticInit): Settings {
  const { strategy = 'oneForOne', autoShutdown = 'never', children } = init
  checkOneOf('strategy', strategy, STRATEGIES)
  checkOneOf('autoShutdown', autoShutdown, AUTO_SHUTDOWNS)
  if (!Array.isArray(children)) throw invalidOption('children', children, 'a list of child specifications')
  const checked = children.map(checkedSpec)
  const ids = new Set<string>()
  for (const { id, significant } of checked) {
    if (ids.has(id)) throw invalidOption('id', id, 'unique among the children of a supervisor')
    if (significant && autoShutdown === 'never') throw notSignificant(id)
    ids.add(id)
  }
  return { strategy, autoShutdown, children: checked, childrenMax: Number.POSITIVE_INFINITY, ...limitsOf(init) }
}

/** @throws OtpError `OPTION_INVALID` */
export function dynamicSettings(init: DynamicInit): Settings {
  const { childrenMax = Number.POSITIVE_INFINITY } = init
  if (childrenMax !== Number.POSITIVE_INFINITY) checkCount('childrenMax', childrenMax)
  return { strategy: 'dynamic', autoShutdown: 'never', children: [], childrenMax, ...limitsOf(init) }
}

/** @throws OtpError `OPTION_INVALID` */
export function checkedSpec(spec: ChildSpec): CheckedSpec {
  if (typeof spec !== 'object' || spec === null) {
    throw invalidOption('child', spec, "a child specification, such as workerChild({ id: 'poller', run })")
  }
  const { id, start, restart = 'permanent', type = 'worker', significant = false } = spec
  if (typeof id !== 'string' || id === '') throw invalidOption('id', id, 'a string that is not empty')
  const { shutdownMs = type === 'supervisor' ? Number.POSITIVE_INFINITY : SHUTDOWN_MS } = spec
  const of = ` of child ${id}`
  if (typeof start !== 'function') throw invalidOption(`start${of}`, start, 'a function that resolves with a pid')
  checkOneOf(`restart${of}`, restart, RESTARTS)
  checkOneOf(`type${of}`, type, TYPES)
  checkShutdownMs(`shutdownMs${of}`, shutdownMs)
  if (typeof significant !== 'boolean') throw invalidOption(`significant${of}`, significant, 'a boolean')
  if (significant && restart === 'permanent') {
    throw invalidOption(
      `restart${of}`,
      restart,
      "'transient' or 'temporary' for a significant child: a permanent one never ends",
    )
  }
  return { id, start, restart, type, shutdownMs, significant }
}

/** A child is significant in a supervisor that its end does not matter to. */
export function notSignificant(id: string): OtpError {
  return invalidOption(
    'autoShutdown',
    'never',
    `'anySignificant' or 'allSignificant' in the supervisor of the significant child ${id}`,
  )
}

function limitsOf(init: SupervisorLimits): Required<SupervisorLimits> {
  const { restartsMax = RESTARTS_MAX, withinMs = WITHIN_MS, requestsMax = REQUESTS_MAX } = init
  checkCount('restartsMax', restartsMax)
  checkCount('requestsMax', requestsMax)
  if (!(typeof withinMs === 'number' && withinMs > 0)) throw invalidOption('withinMs', withinMs, 'a number above 0')
  return { restartsMax, withinMs, requestsMax }
}

function checkShutdownMs(option: string, value: ShutdownMs): void {
  if (value === 'brutalKill' || value === Number.POSITIVE_INFINITY) return
  if (typeof value === 'number' && value >= 0 && value <= WAIT_MS_MAX) return
  throw invalidOption(option, value, `a number from 0 to ${WAIT_MS_MAX}, Infinity, or 'brutalKill'`)
}

function checkCount(option: string, value: number): void {
  if (!(Number.isSafeInteger(value) && value >= 0)) throw invalidOption(option, value, 'a whole number, 0 or more')
}

function checkOneOf(option: string, value: string, allowed: readonly string[]): void {
  if (!allowed.includes(value))
    throw invalidOption(option, value, `one of ${allowed.map((each) => `'${each}'`).join(', ')}`)
}
