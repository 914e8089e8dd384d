import type { Logger } from '@tiebeam/distribution'

interface Line {
  readonly level: string
  readonly fields: object
  readonly text: string
}

/** Keeps what is logged. */
export class RecordingLogger implements Logger {
  readonly lines: Line[] = []
  readonly trace = this.#at('trace')
  readonly debug = this.#at('debug')
  readonly info = this.#at('info')
  readonly warn = this.#at('warn')
  readonly error = this.#at('error')
  readonly fatal = this.#at('fatal')

  child(): Logger {
    return this
  }

  /** Lines of warnings and errors with this text. */
  complaints(text = ''): readonly Line[] {
    return this.lines.filter((line) => ['warn', 'error'].includes(line.level) && line.text.includes(text))
  }

  #at(level: string) {
    return (fields: object | string, text = ''): void => {
      this.lines.push(typeof fields === 'string' ? { level, fields: {}, text: fields } : { level, fields, text })
    }
  }
}
