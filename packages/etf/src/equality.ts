import { keyOf } from './key.ts'

/**
 * Whether two values are the same term (`=:=`): `equals('a', Buffer.from('a'))` and `equals(1, 1n)` are, an integer and
 * a float never, nor (as in OTP 27) 0.0 and -0.0. Works across two installed copies of this package.
 * @throws EncodeError `ETF_NO_TERM` when a value has no term
 */
export function equals(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a === typeof b && typeof a !== 'object') return false
  if (Array.isArray(a) && Array.isArray(b) && a.length !== b.length) return false
  return keyOf(a) === keyOf(b)
}
