import { inspect } from 'node:util'

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export interface LogRecord {
  readonly level: LogLevel
  /** ISO 8601. */
  readonly time: string
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** One JSON object, in a line. */
export function jsonLine({ level, time, message, fields }: LogRecord): string {
  const plain = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, plainOf(value)]))
  return JSON.stringify({ level, time, msg: message, ...plain })
}

const COLOURS: Readonly<Record<LogLevel, number>> = { trace: 90, debug: 90, info: 36, warn: 33, error: 31, fatal: 35 }

/** A line for a terminal; the stack of an error is on lines of its own. */
export function textLine({ level, time, message, fields }: LogRecord, hasColours: boolean): string {
  const paint = (code: number, text: string) => (hasColours ? `\u001b[${code}m${text}\u001b[39m` : text)
  const { err, ...others } = fields
  const details = Object.entries(others).map(([name, value]) => ` ${paint(90, `${name}=`)}${shortOf(value)}`)
  const clock = time.slice(11, 23)
  const error = err === undefined ? '' : `\n${inspect(err)}`
  return `${paint(90, clock)} ${paint(COLOURS[level], level.toUpperCase().padEnd(5))} ${message}${details.join('')}${error}`
}

function shortOf(value: unknown): string {
  return typeof value === 'string' && /^[^\s"]+$/.test(value) ? value : inspect(value, { breakLength: Infinity })
}

const DEPTH_MAX = 5

/** What JSON can say of a value. Errors keep their code, stack and causes; terms and other objects are shown as `inspect` does. */
function plainOf(value: unknown, depth = 0): unknown {
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Error) return errorOf(value, depth)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
  if (depth >= DEPTH_MAX) return inspect(value, { depth: 0 })
  if (Array.isArray(value)) return value.map((element) => plainOf(element, depth + 1))
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return inspect(value, { breakLength: Infinity })
  return Object.fromEntries(Object.entries(value).map(([name, held]) => [name, plainOf(held, depth + 1)]))
}

function errorOf(error: Error, depth: number): unknown {
  const { name, message, stack, cause } = error
  const { code } = error as { code?: unknown }
  return {
    type: name,
    message,
    ...(code !== undefined && { code: plainOf(code, depth + 1) }),
    stack,
    ...(cause !== undefined && { cause: depth < DEPTH_MAX ? plainOf(cause, depth + 1) : String(cause) }),
  }
}
