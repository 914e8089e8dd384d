import type { AuthorityKind, StartedAuthority } from '@tiebeam/tables'
import { MemoryAuthority, TablesError } from '@tiebeam/tables'
import { authorityCompliance } from './compliance.ts'

/** One register for some processes, each with an authority that can be stopped. */
function memoryKind(register: MemoryAuthority): AuthorityKind {
  return {
    kind: 'memory',
    start: async (): Promise<StartedAuthority> => {
      let isStopped = false
      const check = (): void => {
        if (isStopped) throw new TablesError('TABLES_STOPPED', 'stopped')
      }
      return {
        read: async () => {
          check()
          return register.read()
        },
        install: async (next, expectedEpoch) => {
          check()
          return register.install(next, expectedEpoch)
        },
        stop: async () => {
          isStopped = true
        },
      }
    },
  }
}

authorityCompliance({
  name: 'in memory',
  fixture: async () => {
    const register = new MemoryAuthority()
    return { kinds: Array.from({ length: 4 }, () => memoryKind(register)) }
  },
})
