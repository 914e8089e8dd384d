import { OtpError } from './errors.ts'

/** `allowed` completes the sentence "it must be …". */
export function invalidOption(option: string, value: unknown, allowed: string): OtpError {
  const shown = typeof value === 'string' ? `'${value}'` : String(value)
  return new OtpError('OPTION_INVALID', `${option} is ${shown}; it must be ${allowed}.`)
}
