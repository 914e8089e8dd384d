/** `(object, message)`, as pino has it. */
export type LogFunction = (object: object, message?: string) => void

/** What this package logs to: the part of a pino logger, or of Tiebeam's `Logger`, that it uses. */
export interface Logger {
  readonly debug: LogFunction
  readonly warn: LogFunction
}
