import type { LogFunction, Logger } from '@tiebeam/distribution'
import { jsonLine, LOG_LEVELS, type LogLevel, textLine } from '../line.ts'

export interface LogStream {
  readonly isTTY?: boolean
  write(text: string): unknown
  on?(event: 'error', listener: () => void): unknown
}

export interface StreamLoggerInit {
  readonly stream: LogStream
  readonly level: LogLevel | 'silent'
  readonly format: 'auto' | 'json' | 'text'
  /** Whether a terminal is given colours. */
  readonly colours: boolean
  /** Texts that never appear, such as the cookie. */
  readonly secrets: readonly string[]
  readonly now?: () => Date
}

const REDACTED = '[redacted]'
/** A shorter secret is no secret, and its letters are everywhere. */
const SECRET_CHARACTERS_MIN = 4

/** Writes what is logged, a line each: JSON where a program reads it, text on a terminal. */
export class StreamLogger implements Logger {
  readonly trace: LogFunction = this.#function('trace')
  readonly debug: LogFunction = this.#function('debug')
  readonly info: LogFunction = this.#function('info')
  readonly warn: LogFunction = this.#function('warn')
  readonly error: LogFunction = this.#function('error')
  readonly fatal: LogFunction = this.#function('fatal')
  readonly #init: StreamLoggerInit
  readonly #bindings: Readonly<Record<string, unknown>>

  static create(init: StreamLoggerInit): StreamLogger {
    // A reader that has gone (EPIPE) is no reason to end.
    init.stream.on?.('error', () => {})
    const secrets = init.secrets.filter((secret) => secret.length >= SECRET_CHARACTERS_MIN)
    return new StreamLogger({ ...init, secrets: secrets.flatMap((one) => [one, JSON.stringify(one).slice(1, -1)]) }, {})
  }

  private constructor(init: StreamLoggerInit, bindings: Readonly<Record<string, unknown>>) {
    this.#init = init
    this.#bindings = bindings
  }

  child(bindings: Record<string, unknown>): Logger {
    return new StreamLogger(this.#init, { ...this.#bindings, ...bindings })
  }

  #function(level: LogLevel): LogFunction {
    return (first: object | string, second?: string) => {
      if (this.#init.level === 'silent' || LOG_LEVELS.indexOf(level) < LOG_LEVELS.indexOf(this.#init.level)) return
      if (typeof first === 'string') this.#write(level, first, {})
      else this.#write(level, second ?? '', first instanceof Error ? { err: first } : first)
    }
  }

  #write(level: LogLevel, message: string, fields: object): void {
    const { stream, format, colours, secrets, now = () => new Date() } = this.#init
    const isText = format === 'text' || (format === 'auto' && stream.isTTY === true)
    const record = { level, time: now().toISOString(), message, fields: { ...this.#bindings, ...fields } }
    let line: string
    try {
      line = isText ? textLine(record, colours && stream.isTTY === true) : jsonLine(record)
    } catch {
      // A field that throws when it is looked at.
      line = jsonLine({ ...record, fields: {} })
    }
    for (const secret of secrets) line = line.replaceAll(secret, REDACTED)
    try {
      stream.write(`${line}\n`)
    } catch {
      // A stream that was destroyed.
    }
  }
}
