import type { Pid, Process } from '@tiebeam/distribution'

/** How a child comes to be: starts a process that is linked to `parent`, and resolves with its pid once it is initialised. */
export type StartChild = (parent: Process) => Promise<Pid>

/** `permanent`: restarted whenever it ends. `transient`: when it ends with another reason than `normal`, `shutdown` or `{shutdown, _}`. `temporary`: never. */
export type Restart = 'permanent' | 'transient' | 'temporary'

/** One child of a supervisor; OTP's `supervisor:child_spec()`. */
export interface ChildSpec {
  /** Unique among the children of one supervisor. */
  readonly id: string
  readonly start: StartChild
  /** Default 'permanent'. */
  readonly restart?: Restart
  /** After `exit(pid, shutdown)` the child has so long before it is killed; 'brutalKill' kills at once. Default 5,000; Infinity for supervisors. */
  readonly shutdownMs?: number | 'brutalKill'
  /** Default 'worker'. */
  readonly type?: 'worker' | 'supervisor'
}
