import { MainProcess } from '@tiebeam/otp'
import type { Definitions } from '@tiebeam/tables'
import type { NoTables, StartInit } from '../start-init.ts'
import type { App } from './app.ts'
import { launch, plan } from './launch.ts'

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
  let app: App | undefined
  const onStop = () => (app === undefined ? stopping.abort() : void app.stop())
  const main = new MainProcess({ logger: planned.logger.child({ app: planned.identity.nodeName }), onStop })
  try {
    app = await launch(planned, stopping.signal)
    void app.ended.then(({ ok }) => main.end(ok ? 0 : 1))
    return app
  } catch (error) {
    if (stopping.signal.aborted) {
      planned.logger.info('The app has stopped while it started.')
      process.exit(0)
    }
    main.release()
    throw error
  }
}
