/** `(object, message)` or `(message)`, as pino has it. What an error led to goes into `object` as `err`. */
export interface LogFunction {
  (object: object, message?: string): void
  (message: string): void
}

/** What Tiebeam logs to. Every pino logger is one; so is anything else with these methods. */
export interface Logger {
  readonly trace: LogFunction
  readonly debug: LogFunction
  readonly info: LogFunction
  readonly warn: LogFunction
  readonly error: LogFunction
  readonly fatal: LogFunction
  /** A logger that adds these fields to all that it logs. */
  child(bindings: Record<string, unknown>): Logger
}

function ignore(): void {}

/** Logs nothing: the default everywhere. */
export const silentLogger: Logger = Object.freeze({
  trace: ignore,
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
  fatal: ignore,
  child: () => silentLogger,
})
