import type { Pid } from '@tiebeam/distribution'

/** The order of pids as Erlang terms, on which two lockers must agree: serial, id, node, creation. (Seen of OTP 25.) */
export function comparePids(a: Pid, b: Pid): number {
  if (a.serial !== b.serial) return a.serial - b.serial
  if (a.id !== b.id) return a.id - b.id
  if (a.node !== b.node) return a.node < b.node ? -1 : 1
  return a.creation - b.creation
}
