import { types } from 'node:util'
import { kindOf } from './values/kind.ts'

/**
 * Whether a value takes a level of nesting, for the encoder as for the decoder: what holds other terms does. So a value
 * that was decoded just within `depthMax` can be encoded again.
 */
export function takesLevel(value: object): boolean {
  if (Array.isArray(value)) return value.length > 0 && !(value.length < 65_536 && areBytes(value))
  const kind = kindOf(value)
  if (kind !== undefined) return kind === 'tuple' || kind === 'improperList' || kind === 'fun'
  return !types.isUint8Array(value)
}

/** Whether all are integers from 0 to 255; a list of up to 65,535 of those leaves as STRING_EXT. */
export function areBytes(array: readonly unknown[]): array is readonly number[] {
  for (let i = 0; i < array.length; i++) {
    const value = array[i]
    if (typeof value !== 'number' || (value & 255) !== value || (value === 0 && 1 / value < 0)) return false
  }
  return true
}
