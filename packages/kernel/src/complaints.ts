import type { Logger } from '@tiebeam/distribution'

/** Logs what is wrong with messages from others: the first of each kind as a warning, later ones as debug, so that none can fill the log. */
export class Complaints {
  readonly #logger: Logger
  readonly #known = new Set<string>()

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** @param kind one of a few fixed texts */
  add(kind: string, about: object): void {
    const level = this.#known.has(kind) ? 'debug' : 'warn'
    this.#known.add(kind)
    this.#logger[level](about, `${kind}, ignored; further ones are logged as debug`)
  }
}
