import { atom, DistributionError, type Logger, type Node, type Process } from '@tiebeam/distribution'

export interface KeptProcessInit {
  readonly node: Node
  /** Its registered name. */
  readonly name: string
  readonly logger: Logger
  /** It runs: for the first time, or in place of one that was killed. */
  readonly onStarted: (self: Process) => void
  readonly onMessage: (message: unknown) => void
  /** It could not start, or was killed and cannot be replaced, mostly because the node stops. Not called after `stop`. */
  readonly onLost: () => void
}

const SHUTDOWN = atom('shutdown')

/**
 * A registered process that serves for as long as its node runs. When it is killed, by an exit signal that cannot be trapped, another takes its
 * place, as a supervisor would see to; other exit signals arrive as messages.
 */
export class KeptProcess {
  readonly #init: KeptProcessInit
  #self: Process | undefined
  #stopped = false

  /** @throws DistributionError `NAME_TAKEN`, `NODE_STOPPED`, `OPTION_INVALID` */
  constructor(init: KeptProcessInit) {
    this.#init = init
    this.#spawn()
  }

  /** Undefined until it runs, and while one that was killed is being replaced. */
  get self(): Process | undefined {
    return this.#self
  }

  /** It ends at once, with reason `shutdown`. */
  stop(): void {
    if (this.#stopped) return
    this.#stopped = true
    const self = this.#self
    if (self === undefined) return
    self.trapExit = false
    this.#init.node.exit(self.pid, SHUTDOWN)
  }

  #spawn(): void {
    const { node, name } = this.#init
    node.spawn((self) => this.#run(self), { name, trapExit: true })
  }

  async #run(self: Process): Promise<void> {
    if (this.#stopped) return
    this.#self = self
    self.signal.addEventListener('abort', () => {
      this.#self = undefined
    })
    try {
      this.#start(self)
      for (;;) for (const message of await self.receiveAll()) this.#receive(message)
    } catch (error) {
      if (!isExited(error)) throw error
    } finally {
      if (!this.#stopped) this.#replace()
    }
  }

  /** What cannot start will not be tried again. */
  #start(self: Process): void {
    try {
      this.#init.onStarted(self)
    } catch (error) {
      this.#stopped = true
      this.#init.onLost()
      throw error
    }
  }

  /** Nothing that is sent to it may end it. */
  #receive(message: unknown): void {
    try {
      this.#init.onMessage(message)
    } catch (error) {
      if (!isExited(error)) this.#init.logger.error({ err: error }, 'a message could not be handled')
    }
  }

  #replace(): void {
    const { logger, name, onLost } = this.#init
    try {
      this.#spawn()
      logger.warn(`the process ${name} was killed, and replaced`)
    } catch (error) {
      this.#stopped = true
      const nodeStopped = error instanceof DistributionError && error.code === 'NODE_STOPPED'
      if (!nodeStopped) logger.error({ err: error }, `the process ${name} was killed, and cannot be replaced`)
      onLost()
    }
  }
}

/** Of a process that was ended from outside a moment ago. */
export function isExited(error: unknown): boolean {
  return error instanceof DistributionError && error.code === 'PROCESS_EXITED'
}
