import { RpcError } from '@tiebeam/kernel'
import type { NodeReport } from '../../command/cluster-report.ts'
import type { AppStatus } from '../../start/status.ts'
import type { AttachedNode } from './attached-node.ts'

const ASK_MS = 5_000

/** Asks a node for its status, and all nodes to which it has a link. */
export async function askCluster(attached: AttachedNode, target: string): Promise<NodeReport[]> {
  const first = await askNode(attached, target)
  const links = first.status?.node.links ?? []
  const others = links.map(({ name }) => name).filter((name) => name !== attached.node.name && name !== target)
  const peers = await Promise.all([...new Set(others)].sort().map((name) => askNode(attached, name)))
  return [first, ...peers]
}

async function askNode({ rpc }: AttachedNode, name: string): Promise<NodeReport> {
  try {
    const status = await rpc.call<AppStatus>(name, 'tiebeam', 'status', [], { timeoutMs: ASK_MS })
    return { name, status, problem: undefined }
  } catch (error) {
    const answers = error instanceof RpcError && error.code !== 'RPC_NODE_DOWN' && error.code !== 'RPC_TIMEOUT'
    return { name, status: undefined, problem: answers ? 'noStatus' : 'unreachable' }
  }
}
