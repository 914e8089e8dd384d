import type { Logger } from '@tiebeam/distribution'
import { SIGNAL_EXIT_CODES } from '../exit-status.ts'

/** What is left to do at the end, such as writing the log, has so long. */
const LINGER_MS = 1_000

/** How a service and the operating-system process that it is the main program of hang together. */
export class MainProcess {
  readonly #logger: Logger
  readonly #onStop: () => void
  #isStopping = false
  readonly #onSignal = (signal: keyof typeof SIGNAL_EXIT_CODES): void => {
    if (this.#isStopping) {
      this.#logger.warn({ signal }, 'ends at once, after a second signal')
      process.exit(SIGNAL_EXIT_CODES[signal])
    }
    this.#isStopping = true
    this.#logger.info({ signal }, 'stops in order, after a signal')
    this.#onStop()
  }

  /** From now on the first SIGTERM or SIGINT calls `onStop`, and the second ends the process, with exit code 143 or 130. */
  constructor(init: { readonly logger: Logger; readonly onStop: () => void }) {
    this.#logger = init.logger
    this.#onStop = init.onStop
    process.on('SIGTERM', this.#onSignal)
    process.on('SIGINT', this.#onSignal)
  }

  /** Signals do what they did before. */
  release(): void {
    process.off('SIGTERM', this.#onSignal)
    process.off('SIGINT', this.#onSignal)
  }

  /** The service has ended. Node ends by itself, with this exit code, or is ended a second later if something keeps it running. */
  end(code: number): void {
    this.release()
    process.exitCode = code
    setTimeout(() => {
      const resources = process.getActiveResourcesInfo()
      this.#logger.warn({ resources }, 'something keeps the process running after all has stopped; it is ended')
      process.exit(code)
    }, LINGER_MS).unref()
  }
}
