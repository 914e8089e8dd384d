import { DistributionError } from '@tiebeam/distribution'
import { type Caller, call, cast } from './call.ts'
import { CallError } from './call-error.ts'

export interface MultiCallInit {
  /** How long to wait for the replies. Default `Infinity`, as in OTP. */
  readonly timeoutMs?: number
}

export interface MultiCallResult<Reply = unknown> {
  readonly replies: readonly { readonly node: string; readonly reply: Reply }[]
  /** Nodes that cannot be reached, have no such server, or whose server did not reply in time. */
  readonly badNodes: readonly string[]
}

/**
 * Calls the servers of one name on several nodes at once: `gen_server:multi_call/4`. Replies and bad nodes are in the order of `nodes`.
 * @throws EncodeError; DistributionError `NODE_STOPPED`, `PROCESS_EXITED`
 */
export async function multiCall(
  caller: Caller,
  nodes: readonly string[],
  name: string,
  request: unknown,
  init: MultiCallInit = {},
): Promise<MultiCallResult> {
  const timeoutMs = init.timeoutMs ?? Number.POSITIVE_INFINITY
  const badNodes: string[] = []
  const replies: { node: string; reply: unknown }[] = []
  const asked = nodes.map((node) => call(caller, { name, node }, request, { timeoutMs }))
  const outcomes = await Promise.allSettled(asked)
  for (const [index, outcome] of outcomes.entries()) {
    const node = nodes[index] as string
    if (outcome.status === 'fulfilled') replies.push({ node, reply: outcome.value })
    else if (isFaultOfNode(outcome.reason)) badNodes.push(node)
    else throw outcome.reason
  }
  return { replies, badNodes }
}

/**
 * Casts to the servers of one name on several nodes: `gen_server:abcast/3`.
 * @returns the nodes whose output is full, and to which nothing was sent therefore, or whose names are none
 * @throws EncodeError; DistributionError `PROCESS_EXITED`
 */
export function abcast(caller: Caller, nodes: readonly string[], name: string, request: unknown): string[] {
  return nodes.filter((node) => {
    try {
      cast(caller, { name, node }, request)
      return false
    } catch (error) {
      if (isFaultOfNode(error)) return true
      throw error
    }
  })
}

function isFaultOfNode(error: unknown): boolean {
  if (error instanceof CallError) return true
  return error instanceof DistributionError && (error.code === 'OUTPUT_FULL' || error.code === 'NODE_NAME_INVALID')
}
