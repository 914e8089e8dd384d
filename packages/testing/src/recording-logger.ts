/** A `Logger` of distribution, by its shape, that keeps what is logged, as `level: message`. */
export class RecordingLogger {
  readonly lines: string[] = []
  readonly trace = this.#level('trace')
  readonly debug = this.#level('debug')
  readonly info = this.#level('info')
  readonly warn = this.#level('warn')
  readonly error = this.#level('error')
  readonly fatal = this.#level('fatal')

  child(): this {
    return this
  }

  matching(pattern: RegExp): string[] {
    return this.lines.filter((line) => pattern.test(line))
  }

  protected write(level: string, message: string): void {
    this.lines.push(`${level}: ${message}`)
  }

  #level(level: string): (first: object | string, second?: string) => void {
    return (first, second) => {
      this.write(level, typeof first === 'string' ? first : (second ?? ''))
    }
  }
}
