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
    start: async () => ({
      read: () => register.read(),
      install: (next, expectedEpoch) => register.install(next, expectedEpoch),
      stop: async () => {},
    }),
  }
}
