import type { Process } from '@tiebeam/distribution'
import { type ChildInit, type ChildSpec, childInitOf } from '../child-spec.ts'

export interface WorkerInit extends ChildInit {
  /**
   * The function to run in a process of its own. When the supervisor ends it, `self.signal` is aborted and `self.receive` rejects; the child
   * has ended once the function has returned. An error that it throws is the reason of its end.
   */
  readonly run: (self: Process) => unknown
  /** A name to register its process under. */
  readonly name?: string
}

/** An async function as a child. By default it is meant to run for ever: it is restarted when it returns, too. */
export function workerChild(init: WorkerInit): ChildSpec {
  const { run, name } = init
  const options = { graceful: true, ...(name !== undefined && { name }) }
  return {
    ...childInitOf(init),
    start: async (parent) => parent.spawnLink(run, options),
  }
}

/** An async function that comes to an end, as a child: it is not restarted, unless `restart` says so. */
export function taskChild(init: WorkerInit): ChildSpec {
  return workerChild({ restart: 'temporary', ...init })
}
