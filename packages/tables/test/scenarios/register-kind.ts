import { Down, type Node, tuple } from '@tiebeam/distribution'
import type { AuthorityKind, Installation, View } from '@tiebeam/tables'

export const REGISTER = 'test_register'

export type RegisterRequest = ['read'] | ['install', next: View, expectedEpoch: number]

/** A register that a process of another node keeps. */
export function registerKind(registerNode: string): AuthorityKind {
  return {
    kind: 'register',
    start: async ({ node }) => ({
      read: async () => (await ask(node, registerNode, ['read'])) as View | undefined,
      install: async (next, expectedEpoch) =>
        (await ask(node, registerNode, ['install', next, expectedEpoch])) as Installation,
      stop: async () => {},
    }),
  }
}

async function ask(node: Node, registerNode: string, request: RegisterRequest): Promise<unknown> {
  const answer = await node.ask({ name: REGISTER, node: registerNode }, (alias) => tuple(alias, request), {
    timeoutMs: 2000,
  })
  if (answer instanceof Down) throw new Error(`the register is not there: ${String(answer.reason)}`)
  return answer
}
