import type { Pid, ServiceHost } from '@tiebeam/distribution'
import { KernelError } from '../../errors.ts'
import type { GlobalEvent } from '../effects.ts'
import type { Routine, Settlement, Step } from '../routine.ts'
import { RoutineRun } from '../routine-run.ts'
import { RoutineProcess } from './routine-process.ts'

export interface RoutinesInit {
  readonly host: ServiceHost
  readonly report: (event: GlobalEvent) => void
  readonly settle: (step: Extract<Step, { type: 'settle' }>) => Promise<Settlement>
  readonly registrationsMax: number
}

/** The routines of one node that come to an end, and those who wait for it. */
export class Routines {
  readonly #init: RoutinesInit
  readonly #registrar: RoutineProcess
  /** Ends each wait, when the node stops. */
  readonly #waiting = new Set<(error: KernelError) => void>()
  #registrations = 0
  #lastRegistration: Promise<unknown> = Promise.resolve()
  #stopped: KernelError | undefined

  constructor(init: RoutinesInit) {
    this.#init = init
    this.#registrar = this.startProcess()
  }

  startProcess(handle?: (message: unknown) => void): RoutineProcess {
    const { host, report, settle } = this.#init
    return new RoutineProcess({ service: host, report, settle, ...(handle && { handle }) })
  }

  /** One after the other, as all need the same lock. @throws KernelError `REGISTRATIONS_FULL`, `SERVICE_NOT_RUNNING` */
  register<Result>(routine: (registrar: Pid) => Routine<Result>): Promise<Result> {
    const { registrationsMax } = this.#init
    if (this.#registrations >= registrationsMax) {
      const text = `${registrationsMax} registrations (registrationsMax) wait for the lock of all nodes. Wait for some of them.`
      return Promise.reject(new KernelError('REGISTRATIONS_FULL', text))
    }
    this.#registrations++
    const result = this.#lastRegistration.then(() => this.run(routine(this.#registrar.pid), this.#registrar))
    this.#lastRegistration = result
      .catch(() => {})
      .finally(() => {
        this.#registrations--
      })
    return result
  }

  /** In a process of its own, which ends with the routine. @throws KernelError `SERVICE_NOT_RUNNING` */
  async runApart<Result>(routine: (pid: Pid) => Routine<Result>): Promise<Result> {
    const process = this.startProcess()
    try {
      return await this.run(routine(process.pid), process)
    } finally {
      process.end()
    }
  }

  /** @throws KernelError `SERVICE_NOT_RUNNING` when the node stops before the routine is done */
  run<Result>(routine: Routine<Result>, process: RoutineProcess): Promise<Result> {
    return this.wait((resolve, reject) => {
      const run = new RoutineRun(routine, process, { onDone: resolve, onFailed: reject })
      run.start()
      return () => run.stop()
    })
  }

  /** Waits for something that may never come; `begin` gives what ends it early. @throws KernelError `SERVICE_NOT_RUNNING` */
  wait<Result>(
    begin: (resolve: (result: Result) => void, reject: (error: unknown) => void) => () => void,
  ): Promise<Result> {
    const stopped = this.#stopped
    if (stopped !== undefined) return Promise.reject(stopped)
    return new Promise<Result>((resolve, reject) => {
      const settle =
        <Value>(act: (value: Value) => void) =>
        (value: Value): void => {
          this.#waiting.delete(abandon)
          act(value)
        }
      let end = (): void => {}
      const abandon = (error: KernelError): void => {
        end()
        reject(error)
      }
      this.#waiting.add(abandon)
      end = begin(settle(resolve), settle(reject))
    })
  }

  stop(error: KernelError): void {
    this.#stopped = error
    for (const abandon of this.#waiting) abandon(error)
    this.#waiting.clear()
  }
}
