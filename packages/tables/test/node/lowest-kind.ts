import type { AuthorityKind, Installation, View } from '@tiebeam/tables'

/** As `members`: each cluster brings its own register, which a process knows of only through those who are in it. */
export function lowestKind(): AuthorityKind {
  const views = new Map<string, View>()
  return {
    kind: 'lowest',
    founder: 'lowest',
    start: async ({ view }) => {
      const standing = (): View | undefined => {
        const known = view()
        return known === undefined ? undefined : (views.get(known.identity) ?? known)
      }
      return {
        read: async () => standing(),
        install: async (next, expectedEpoch): Promise<Installation> => {
          const stands = expectedEpoch === 0 && !views.has(next.identity) ? undefined : standing()
          if ((stands?.epoch ?? 0) !== expectedEpoch) return { type: 'stands', view: stands }
          views.set(next.identity, next)
          return { type: 'installed', view: next }
        },
        stop: async () => {},
      }
    },
  }
}
