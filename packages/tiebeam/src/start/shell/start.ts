import type { Logger } from '@tiebeam/distribution'
import type { Definitions } from '@tiebeam/tables'
import type { NoTables, StartInit } from '../start-init.ts'
import type { App, AppEnd } from './app.ts'
import { launch, plan } from './launch.ts'

/** What a shell expects of a process that a signal ended: 128 and the number of the signal. */
const SIGNAL_EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const
/** What is left to do at the end, such as writing the log, has so long. */
const LINGER_MS = 1_000

/**
 * Starts an app: reads the settings, starts the node, looks for the others, serves health and metrics, and starts the children. Resolves when
 * the app is started; whether others have been found by then is another matter (see `minimumNodes`).
 * A signal while it starts stops what was started, and ends the process with code 0.
 * @throws TiebeamError `SETTING_INVALID`, `HTTP_LISTEN_FAILED`; what the parts throw, such as the DistributionError
 * `EPMD_NAME_TAKEN` or the OtpError `CHILD_START_FAILED`. All that was started by then is stopped.
 */
export async function start<const Defined extends Definitions = NoTables>(
  init: StartInit<Defined> = {},
): Promise<App<Defined>> {
  return (await startApp(init as unknown as StartInit)) as unknown as App<Defined>
}

async function startApp(init: StartInit): Promise<App> {
  const planned = await plan(init)
  const stopping = new AbortController()
  if (init.ownsProcess === false) return launch(planned, stopping.signal)
  const signals = new Signals(planned.logger)
  const starting = launch(planned, stopping.signal)
  signals.onFirst = () => stopping.abort()
  try {
    const app = await starting
    signals.onFirst = () => void app.stop()
    void app.ended.then((end) => {
      signals.stop()
      exitSoon(end, planned.logger)
    })
    return app
  } catch (error) {
    if (stopping.signal.aborted) {
      planned.logger.info('The app has stopped while it started.')
      process.exit(0)
    }
    signals.stop()
    throw error
  }
}

/** The first signal stops the app in order, the second one ends the process. */
class Signals {
  onFirst: () => void = () => {}
  readonly #logger: Logger
  #isFirst = true
  readonly #onSignal = (signal: keyof typeof SIGNAL_EXIT_CODES): void => {
    if (!this.#isFirst) {
      this.#logger.warn({ signal }, 'The app ends at once, after a second signal.')
      process.exit(SIGNAL_EXIT_CODES[signal])
    }
    this.#isFirst = false
    this.#logger.info({ signal }, 'The app stops.')
    this.onFirst()
  }

  constructor(logger: Logger) {
    this.#logger = logger
    process.on('SIGTERM', this.#onSignal)
    process.on('SIGINT', this.#onSignal)
  }

  stop(): void {
    process.off('SIGTERM', this.#onSignal)
    process.off('SIGINT', this.#onSignal)
  }
}

function exitSoon({ ok }: AppEnd, logger: Logger): void {
  const code = ok ? 0 : 1
  process.exitCode = code
  setTimeout(() => {
    const resources = process.getActiveResourcesInfo()
    logger.warn({ resources }, 'Something keeps the process running after the app has stopped; it is ended.')
    process.exit(code)
  }, LINGER_MS).unref()
}
