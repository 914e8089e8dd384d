import { ExitReason, type Pid, type Process } from '@tiebeam/distribution'
import { type ChildInit, type ChildSpec, childInitOf, type StartContext } from '../../child-spec.ts'
import { KILLED, SHUTDOWN } from '../../exit-reasons.ts'
import { startReasonOf } from '../../supervisor/start-reason.ts'
import { checkWaitMs } from '../../wait-ms.ts'

/** Something outside of processes that a child stands for: a server, a thread, a connection. */
export interface Resource {
  /** Lets go of it; the child has ended when this has resolved. `forced`: it was killed, and there is no time for good manners. */
  stop(how: { readonly forced: boolean }): unknown
  /** Settles when it ends by itself. A rejection is the reason of the child's end. Default: it never does. */
  readonly ended?: Promise<unknown>
}

export interface ResourceInit extends ChildInit {
  /**
   * Acquires it; the child is started when this resolves, and not started when it rejects. `signal` is aborted when the child is ended in
   * the meantime, or killed.
   */
  readonly start: (signal: AbortSignal) => Resource | Promise<Resource>
  /** So long a restart waits for a child that was killed to let go of what it has. Default 5,000. */
  readonly releaseMs?: number
}

const RELEASE_MS = 5_000

/**
 * A child that holds a resource. Whatever ends it, also a kill, the resource is released, and before the next one is acquired.
 * @throws OtpError `OPTION_INVALID`
 */
export function resourceChild(init: ResourceInit): ChildSpec {
  checkWaitMs('releaseMs', init.releaseMs ?? RELEASE_MS)
  const holder = new ResourceHolder(init)
  return { ...childInitOf(init), start: (parent, context) => holder.start(parent, context) }
}

class ResourceHolder {
  readonly #init: ResourceInit
  /** Those that were told to end and have not let go yet; for others they may have ended already, by a kill. */
  readonly #ending = new Set<Promise<void>>()

  constructor(init: ResourceInit) {
    this.#init = init
  }

  async start(parent: Process, context: StartContext | undefined): Promise<Pid> {
    if (this.#ending.size > 0) await this.#released()
    let onStarted = (): void => {}
    let onFailed = (_error: unknown): void => {}
    const started = new Promise<void>((resolve, reject) => {
      onStarted = resolve
      onFailed = reject
    })
    const behaviour = (self: Process) => this.#track(self, this.#hold(self, context, onStarted, onFailed))
    const pid = parent.spawnLink(behaviour, { graceful: true })
    const onAbort = () => parent.node.exit(pid, SHUTDOWN)
    context?.signal.addEventListener('abort', onAbort)
    try {
      await started
    } finally {
      context?.signal.removeEventListener('abort', onAbort)
    }
    return pid
  }

  async #released(): Promise<void> {
    const { releaseMs = RELEASE_MS } = this.#init
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, releaseMs)
    })
    await Promise.race([Promise.allSettled(this.#ending), late])
    clearTimeout(timer)
  }

  #track(self: Process, held: Promise<void>): Promise<void> {
    const onEnding = async (): Promise<void> => {
      this.#ending.add(held)
      await held.catch(() => {})
      this.#ending.delete(held)
    }
    self.signal.addEventListener('abort', () => void onEnding())
    return held
  }

  async #hold(
    self: Process,
    context: StartContext | undefined,
    onStarted: () => void,
    onFailed: (error: unknown) => void,
  ): Promise<void> {
    const { signal } = self
    let resource: Resource
    try {
      resource = await this.#init.start(signal)
    } catch (error) {
      onFailed(error)
      // The supervisor tells of it.
      throw new ExitReason(startReasonOf(error))
    }
    onStarted()
    try {
      await Promise.race([aborted(signal), ...(resource.ended === undefined ? [] : [resource.ended])])
    } finally {
      await this.#release(resource, self, context)
    }
  }

  async #release(resource: Resource, self: Process, context: StartContext | undefined): Promise<void> {
    try {
      await resource.stop({ forced: isKilled(self.signal) })
    } catch (error) {
      const logger = context?.logger ?? self.node.logger
      logger.warn({ child: this.#init.id, err: error }, 'child could not let go of its resource')
    }
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve())
  })
}

function isKilled(signal: AbortSignal): boolean {
  const cause = signal.aborted ? (signal.reason as Error).cause : undefined
  return cause instanceof ExitReason && cause.reason === KILLED
}
