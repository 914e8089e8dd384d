import { homedir } from 'node:os'
import { join } from 'node:path'

/** Where lines of consoles are kept; undefined for a user without a home, as in a container. */
export function historyFile(): string | undefined {
  try {
    return join(homedir(), '.tiebeam_history')
  } catch {
    return undefined
  }
}
