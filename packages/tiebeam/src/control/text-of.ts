import { inspect, types } from 'node:util'

/** A value as a console shows it. */
export function textOf(value: unknown, colours = false): string {
  const text = inspect(value, { colors: colours })
  // So an error looks whose stack was cut off where the evaluated code begins.
  return types.isNativeError(value) ? text.replace(/^\[(.*)\]$/s, '$1') : text
}
