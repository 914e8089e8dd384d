import { TablesError } from '../errors.ts'
import type { AuthorityKind } from './authority-kind.ts'
import { MemoryAuthority } from './register.ts'

/**
 * A register in the memory of this process, for tests: nodes of one process that are given the same one make one cluster. It knows
 * nothing of other processes, and so is no authority for them.
 */
export function memory(): AuthorityKind {
  const register = new MemoryAuthority()
  return {
    kind: 'memory',
    start: async () => {
      let isStopped = false
      const running = (): MemoryAuthority => {
        if (isStopped) throw new TablesError('TABLES_STOPPED', 'The authority was stopped.')
        return register
      }
      return {
        read: async () => running().read(),
        install: async (next, expectedEpoch) => running().install(next, expectedEpoch),
        stop: async () => {
          isStopped = true
        },
      }
    },
  }
}
