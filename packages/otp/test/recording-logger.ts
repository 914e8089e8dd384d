import type { Logger } from '@tiebeam/distribution'

interface Line {
  readonly level: string
  readonly fields: Readonly<Record<string, unknown>>
  readonly text: string
}

/** Keeps what is logged. */
export class RecordingLogger implements Logger {
  /** Shared with the loggers that are children of this one. */
  readonly lines: Line[]
  readonly #bindings: Record<string, unknown>
  readonly trace = this.#at('trace')
  readonly debug = this.#at('debug')
  readonly info = this.#at('info')
  readonly warn = this.#at('warn')
  readonly error = this.#at('error')
  readonly fatal = this.#at('fatal')

  constructor(lines: Line[] = [], bindings: Record<string, unknown> = {}) {
    this.lines = lines
    this.#bindings = bindings
  }

  child(bindings: Record<string, unknown> = {}): RecordingLogger {
    return new RecordingLogger(this.lines, { ...this.#bindings, ...bindings })
  }

  /** The texts of one level. */
  texts(level: string): string[] {
    return this.lines.filter((line) => line.level === level).map((line) => line.text)
  }

  /** Lines of warnings and errors with this text. */
  complaints(text = ''): readonly Line[] {
    return this.lines.filter((line) => ['warn', 'error'].includes(line.level) && line.text.includes(text))
  }

  #at(level: string) {
    return (first: object | string, second = ''): void => {
      const [object, text] = typeof first === 'string' ? [{}, first] : [first, second]
      this.lines.push({ level, fields: { ...this.#bindings, ...object }, text })
    }
  }
}
