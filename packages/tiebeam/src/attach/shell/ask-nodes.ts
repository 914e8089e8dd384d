import { Atom, atom } from '@tiebeam/distribution'
import { RpcError } from '@tiebeam/kernel'
import type { AppStatus } from '../../start/status.ts'
import type { AttachedNode } from './attached-node.ts'

export interface ListedNode {
  readonly name: string
  readonly kind: 'asked' | 'visible' | 'hidden'
}

/** A node and those to which it is connected: by the status of an app, and by `nodes/1` of a BEAM node. */
export async function askNodes({ rpc, node }: AttachedNode, target: string): Promise<ListedNode[]> {
  const peers = await askApp().catch((error: unknown) => {
    if (error instanceof RpcError && error.code === 'RPC_UNDEF') return askBeam()
    throw error
  })
  const others = peers.filter(({ name }) => name !== node.name).sort((a, b) => (a.name < b.name ? -1 : 1))
  return [{ name: target, kind: 'asked' }, ...others]

  async function askApp(): Promise<ListedNode[]> {
    const { node: stats } = await rpc.call<AppStatus>(target, 'tiebeam', 'status')
    return stats.links.map(({ name, hidden }) => ({ name, kind: hidden ? 'hidden' : 'visible' }))
  }

  async function askBeam(): Promise<ListedNode[]> {
    const [visible, hidden] = await Promise.all(
      (['visible', 'hidden'] as const).map(async (kind) => {
        const names = await rpc.call<unknown[]>(target, 'erlang', 'nodes', [atom(kind)])
        return names.map((name) => ({ name: name instanceof Atom ? name.name : String(name), kind }))
      }),
    )
    return [...(visible ?? []), ...(hidden ?? [])]
  }
}
