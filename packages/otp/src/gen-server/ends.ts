import { type Atom, atom, Tuple } from '@tiebeam/distribution'

export const NORMAL: Atom = atom('normal')
const SHUTDOWN = atom('shutdown')

/** `normal`, `shutdown` and `{shutdown, _}`: the reasons of an end that was planned, and that nobody reports. */
export function isPlannedEnd(reason: unknown): boolean {
  if (reason === NORMAL || reason === SHUTDOWN) return true
  return reason instanceof Tuple && reason.length === 2 && reason.at(0) === SHUTDOWN
}
