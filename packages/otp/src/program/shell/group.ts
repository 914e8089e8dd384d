import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'

/**
 * Sends a signal to every member of a process group; false when there is none. The number of a group is not given to another process as
 * long as it has a member, its leader included until that is reaped.
 * @throws Error `EPERM` when no member may be signalled, as after a change of user
 */
export function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  // Groups 0 and 1 would be our own and everyone.
  assert(Number.isInteger(group) && group > 1)
  try {
    return process.kill(-group, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
    throw error
  }
}

/** Whether a group has a member that still runs. */
export async function groupIsAlive(group: number): Promise<boolean> {
  try {
    if (!signalGroup(group, 0)) return false
  } catch {
    return true
  }
  return !(await areAllZombies(group))
}

/**
 * Whether all members of a group have ended and only wait to be reaped. Where Node is process 1 of a container, orphans come to it, and it
 * does not reap them: the group would seem alive for ever. Only Linux tells (proc(5), stat); elsewhere the answer is no.
 */
async function areAllZombies(group: number): Promise<boolean> {
  const entries = await readdir('/proc').catch(() => [])
  const states = await Promise.all(entries.filter((name) => /^\d+$/.test(name)).map((pid) => stateIn(group, pid)))
  const members = states.filter((state) => state !== undefined)
  return members.length > 0 && members.every((state) => state === 'Z' || state === 'X')
}

/** The state of a process if it is in this group. */
async function stateIn(group: number, pid: string): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '')
  // pid (name) state parent group …; the name may hold anything, parentheses too.
  const [state, , ownGroup] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return Number(ownGroup) === group ? state : undefined
}
