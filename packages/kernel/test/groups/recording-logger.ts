import type { LogFunction, Logger } from '@tiebeam/distribution'

/** Keeps what is logged, as `level: message`. */
export class RecordingLogger implements Logger {
  readonly lines: string[] = []
  readonly trace = this.#level('trace')
  readonly debug = this.#level('debug')
  readonly info = this.#level('info')
  readonly warn = this.#level('warn')
  readonly error = this.#level('error')
  readonly fatal = this.#level('fatal')

  child(): Logger {
    return this
  }

  matching(pattern: RegExp): string[] {
    return this.lines.filter((line) => pattern.test(line))
  }

  #level(level: string): LogFunction {
    return (first: object | string, second?: string) => {
      this.lines.push(`${level}: ${typeof first === 'string' ? first : (second ?? '')}`)
    }
  }
}
