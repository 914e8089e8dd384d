import type { Logger } from '@tiebeam/distribution'
import { OtpError } from '../../errors.ts'
import { checkWaitMs } from '../../wait-ms.ts'
import type { ApplicationInit, ApplicationRunInit } from '../application-init.ts'
import { endFields, exitCodeOf } from '../exit-status.ts'
import type { Application } from './application.ts'
import { MainProcess } from './main-process.ts'
import { StderrLogger } from './stderr-logger.ts'

type StartApplication = (init: ApplicationInit, options: { readonly signal: AbortSignal }) => Promise<Application>

const STOP_MS = 25_000

/** See `Application.run`. */
export async function runApplication(init: ApplicationRunInit, start: StartApplication): Promise<void> {
  const { stopMs = STOP_MS } = init
  checkWaitMs('stopMs', stopMs)
  const logger = init.logger ?? new StderrLogger()
  const log = logger.child({ application: init.name })
  const stopping = new AbortController()
  const main = new MainProcess({ logger: log, onStop: () => stopping.abort() })
  let code: number
  try {
    const application = await start({ ...init, logger }, stopping)
    code = await stopInTime(application, await endOf(application, stopping.signal, log), stopMs, log)
  } catch (error) {
    code = startFailed(error, stopping.signal, log)
  }
  main.end(code)
}

/** Waits until the application ends by itself or is to be stopped. */
async function endOf(application: Application, signal: AbortSignal, log: Logger): Promise<0 | 1> {
  const stopped = new Promise<{ readonly type: 'stopped' }>((resolve) => {
    const onAbort = () => resolve({ type: 'stopped' })
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
  })
  const end = await Promise.race([application.ended, stopped])
  const code = exitCodeOf(end)
  if (code !== 0) log.fatal(endFields(end), 'application has failed: its root supervisor has ended')
  return code
}

async function stopInTime(application: Application, code: 0 | 1, stopMs: number, log: Logger): Promise<0 | 1> {
  let late = false
  const timer = setTimeout(() => {
    late = true
    log.error({ stopMs }, 'application does not stop within stopMs; what is left is killed')
  }, stopMs)
  await application.stop({ timeoutMs: stopMs })
  clearTimeout(timer)
  log.info('application has stopped')
  return late ? 1 : code
}

function startFailed(error: unknown, signal: AbortSignal, log: Logger): 0 | 1 {
  if (signal.aborted && error instanceof OtpError && error.code === 'SUPERVISOR_STOPPED') {
    log.info('application has stopped while it started')
    return 0
  }
  const why = error instanceof Error ? error.message : String(error)
  log.fatal({ err: error }, `application did not start: ${why}`)
  return 1
}
