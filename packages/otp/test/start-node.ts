import { Node, type NodeInit } from '@tiebeam/distribution'
import { freePort, loopback, type Scope } from '@tiebeam/testing'

export const cookie = 'a-secret-cookie'

let addresses = 0

/** A name at a loopback address that no other node of this test file has. */
export function freshName(base: string): string {
  addresses += 1
  return `${base}@${loopback(1 + (addresses % 250))}`
}

/** A node that needs no EPMD unless `init` has one. It is stopped when the test ends. */
export async function startNode(t: Scope, init: Partial<NodeInit> = {}): Promise<Node> {
  const alone = init.epmd === undefined ? { epmd: false as const, port: await freePort() } : {}
  const node = await Node.start({ name: freshName('subject'), cookie, ...alone, ...init })
  t.after(() => node.stop())
  return node
}
