import type { Pid } from '@tiebeam/distribution'
import type { ChildStartError } from './child-start-error.ts'
import type { CheckedSpec } from './settings.ts'

/** What one can ask of a supervisor. Children are named by id, those of a dynamic supervisor by pid. */
export type Operation =
  | { readonly type: 'startChild'; readonly spec: CheckedSpec }
  | { readonly type: 'terminateChild'; readonly child: string | Pid }
  | { readonly type: 'restartChild'; readonly child: string | Pid }
  | { readonly type: 'deleteChild'; readonly child: string | Pid }
  | { readonly type: 'whichChildren' }
  | { readonly type: 'countChildren' }

export type ChildStatus =
  | 'running'
  /** Its latest restart failed, and is tried again. */
  | 'restarting'
  | 'stopped'

export interface ChildInfo {
  readonly id: string
  readonly status: ChildStatus
  /** When it is running. */
  readonly pid: Pid | undefined
  readonly type: 'worker' | 'supervisor'
}

export interface ChildCounts {
  /** Children, whether they run or not. */
  readonly specs: number
  /** Those that run. */
  readonly active: number
  readonly supervisors: number
  readonly workers: number
}

export type Answer =
  | { readonly type: 'done' }
  | { readonly type: 'started'; readonly pid: Pid }
  /** In the order in which they were started. */
  | { readonly type: 'children'; readonly children: readonly ChildInfo[] }
  | { readonly type: 'counts'; readonly counts: ChildCounts }
  | { readonly type: 'refused'; readonly refusal: Refusal }

export type Refusal =
  | { readonly type: 'startFailed'; readonly id: string; readonly error: unknown }
  | { readonly type: 'alreadyStarted'; readonly id: string; readonly pid: Pid }
  /** There is such a child, but it does not run. */
  | { readonly type: 'alreadyPresent'; readonly id: string }
  | { readonly type: 'notFound' }
  | { readonly type: 'running' }
  | { readonly type: 'restarting' }
  /** Its end could end the supervisor, which has no `autoShutdown`. */
  | { readonly type: 'significant'; readonly id: string }
  | { readonly type: 'childrenMax'; readonly childrenMax: number }
  /** Children of a dynamic supervisor are not kept when they end, so they cannot be restarted or deleted. */
  | { readonly type: 'dynamic' }
  /** Too many requests wait already. */
  | { readonly type: 'busy'; readonly requestsMax: number }
  | { readonly type: 'stopping' }

/** Why a supervisor ends. */
export type EndCause =
  | { readonly type: 'stopped' }
  | { readonly type: 'startFailed'; readonly error: ChildStartError }
  /** More restarts than allowed; `reason` is that of the child's latest end. */
  | { readonly type: 'gaveUp'; readonly childId: string; readonly reason: unknown }
  | { readonly type: 'significantChildEnded'; readonly childId: string; readonly reason: unknown }

/** What waits while a supervisor is busy. */
export type QueuedEvent<Client> =
  /** A linked or monitored process ended. The same end may be told more than once. */
  | { readonly type: 'exited'; readonly pid: Pid; readonly reason: unknown }
  /** The retry that was asked for. */
  | { readonly type: 'retry'; readonly key: ChildKey }
  | { readonly type: 'request'; readonly client: Client; readonly operation: Operation }

/** What happened to a supervisor. */
export type SupervisionEvent<Client> =
  | QueuedEvent<Client>
  /** How the start that was asked for went. */
  | { readonly type: 'started'; readonly pid: Pid }
  | { readonly type: 'startFailed'; readonly error: unknown }
  /** The timer that was asked for. */
  | { readonly type: 'timeout' }
  /** Told to stop, by its parent or by an application: `reason` is with what to end. */
  | { readonly type: 'stop'; readonly reason: unknown }
  /** Time is up: children that are left are killed. */
  | { readonly type: 'killAll' }

/** Tells the children of one supervisor apart: the id; in a dynamic supervisor, a number. */
export type ChildKey = string | number

/** What a supervisor does, in this order. */
export type SupervisionEffect<Client> =
  | { readonly type: 'start'; readonly spec: CheckedSpec }
  /** What is being started is to give up. */
  | { readonly type: 'abortStart' }
  /** Sends an exit signal; the end of this process must be told, whether it keeps its link or not. */
  | { readonly type: 'exit'; readonly pid: Pid; readonly reason: 'shutdown' | 'kill' }
  /** There is at most one timer. */
  | { readonly type: 'timer'; readonly ms: number }
  | { readonly type: 'cancelTimer' }
  /** Brings the event back after other events have had their turn. */
  | { readonly type: 'retry'; readonly key: ChildKey }
  | { readonly type: 'reply'; readonly client: Client; readonly answer: Answer }
  | { readonly type: 'report'; readonly report: Report }
  /** All children are started. */
  | { readonly type: 'initialised' }
  | { readonly type: 'end'; readonly reason: unknown; readonly cause: EndCause }

/** What is worth a line in the log: OTP's supervisor and progress reports. */
export type Report =
  | { readonly type: 'childStarted'; readonly id: string; readonly pid: Pid }
  | {
      readonly type: 'childEnded'
      readonly id: string
      readonly pid: Pid
      readonly reason: unknown
      readonly restarted: boolean
    }
  /** It is tried again. Other failed starts are told to who asked for them. */
  | { readonly type: 'restartFailed'; readonly id: string; readonly error: unknown }
  /** It ended otherwise than it was told to. */
  | { readonly type: 'shutdownFailed'; readonly id: string; readonly pid: Pid; readonly reason: unknown }
  | { readonly type: 'gaveUp'; readonly id: string; readonly restartsMax: number; readonly withinMs: number }
