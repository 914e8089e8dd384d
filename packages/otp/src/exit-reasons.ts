import { atom, Tuple } from '@tiebeam/distribution'

/** The reasons that OTP gives a meaning. */
export const NORMAL = atom('normal')
export const SHUTDOWN = atom('shutdown')
export const KILL = atom('kill')
export const KILLED = atom('killed')

/** `normal`, `shutdown` or `{shutdown, _}`: ended because it was done, or told to. Not logged, and a transient child that ends so is left alone. */
export function isPlannedEnd(reason: unknown): boolean {
  if (reason === NORMAL || reason === SHUTDOWN) return true
  return reason instanceof Tuple && reason.length === 2 && reason.at(0) === SHUTDOWN
}
