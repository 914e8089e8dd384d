import type { Logger } from '@tiebeam/distribution'
import type { EngineListener } from '../engine.ts'
import type { Entry } from '../replica/entry.ts'
import type { Replica } from '../replica/replica.ts'

/** Tells of what is applied, in order; and of a copy that took the place of another once it is of one point in time. */
export class Subscribers {
  readonly #logger: Logger
  readonly #listeners = new Set<EngineListener>()
  /** The copy that they know. */
  #told: object | undefined

  constructor(logger: Logger) {
    this.#logger = logger
  }

  add(listener: EngineListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  applied(replica: Replica, entries: readonly Entry[]): void {
    if (replica.copy === this.#told) this.#tell((listener) => listener.applied(entries))
  }

  /** Called when all of a turn is applied. */
  settled({ copy, isReadable }: Replica): void {
    const { identity } = copy
    if (!isReadable || identity === undefined || copy === this.#told) return
    this.#told = copy
    this.#tell((listener) => listener.restored(identity))
  }

  statusChanged(): void {
    this.#tell((listener) => listener.statusChanged())
  }

  #tell(tell: (listener: EngineListener) => void): void {
    for (const listener of this.#listeners) {
      try {
        tell(listener)
      } catch (error) {
        this.#logger.error({ err: error }, 'tables: a subscriber failed')
      }
    }
  }
}
