import { format, inspect } from 'node:util'
import type { LogFunction, Logger } from '@tiebeam/distribution'

/** Writes warnings and errors to stderr, a line each and the stack of errors: for applications that bring no logger of their own. */
export class StderrLogger implements Logger {
  readonly trace: LogFunction = () => {}
  readonly debug: LogFunction = () => {}
  readonly info: LogFunction = () => {}
  readonly warn: LogFunction = this.#level('warn')
  readonly error: LogFunction = this.#level('error')
  readonly fatal: LogFunction = this.#level('fatal')
  readonly #bindings: Readonly<Record<string, unknown>>

  constructor(bindings: Readonly<Record<string, unknown>> = {}) {
    this.#bindings = bindings
  }

  child(bindings: Record<string, unknown>): Logger {
    return new StderrLogger({ ...this.#bindings, ...bindings })
  }

  #level(level: string): LogFunction {
    return (first: object | string, second?: string) => {
      const message = typeof first === 'string' ? first : (second ?? '')
      const { err, ...fields } = { ...this.#bindings, ...(typeof first === 'string' ? {} : first) } as Record<
        string,
        unknown
      >
      const details = Object.entries(fields).map(
        ([name, value]) => ` ${name}=${typeof value === 'string' ? value : inspect(value)}`,
      )
      const error = err === undefined ? '' : format('\n%s', inspect(err))
      process.stderr.write(`${new Date().toISOString()} ${level}: ${message}${details.join('')}${error}\n`)
    }
  }
}
