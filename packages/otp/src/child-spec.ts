import type { Logger, Pid, Process } from '@tiebeam/distribution'

/** What a child may want to know while it starts. */
export interface StartContext {
  /** Aborted when the supervisor is told to stop in the meantime; the start should then reject soon. */
  readonly signal: AbortSignal
  /** That of the supervisor. */
  readonly logger: Logger
}

/** How a child comes to be: starts a process that is linked to `parent`, and resolves with its pid once it is initialised. */
export type StartChild = (parent: Process, context?: StartContext) => Promise<Pid>

/** `permanent`: restarted whenever it ends. `transient`: when it ends with another reason than `normal`, `shutdown` or `{shutdown, _}`. `temporary`: never. */
export type Restart = 'permanent' | 'transient' | 'temporary'

/** How a child ends when its supervisor ends it; see {@link ChildSpec.shutdownMs}. */
export type ShutdownMs = number | 'brutalKill'

/** What is the same for every kind of child. */
export interface ChildInit {
  /** Unique among the children of one supervisor; for children of a dynamic supervisor, a name for the log. */
  readonly id: string
  /** Default 'permanent'. */
  readonly restart?: Restart
  /** After `exit(pid, shutdown)` the child has so long before it is killed; 'brutalKill' kills at once. Default 5,000; Infinity for supervisors. */
  readonly shutdownMs?: ShutdownMs
  /** Whether the end of this child can end the supervisor, if that has `autoShutdown`. Not for permanent children. Default false. */
  readonly significant?: boolean
}

/** One child of a supervisor; OTP's `supervisor:child_spec()`. */
export interface ChildSpec extends ChildInit {
  readonly start: StartChild
  /** Default 'worker'. */
  readonly type?: 'worker' | 'supervisor'
}

/** The part of a larger init that is the same for every kind of child. */
export function childInitOf({ id, restart, shutdownMs, significant }: ChildInit): ChildInit {
  return {
    id,
    ...(restart !== undefined && { restart }),
    ...(shutdownMs !== undefined && { shutdownMs }),
    ...(significant !== undefined && { significant }),
  }
}
