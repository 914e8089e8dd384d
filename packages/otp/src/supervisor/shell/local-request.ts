import { DistributionError, Down, type Node, type Pid, type Reference } from '@tiebeam/distribution'
import type { Answer, Operation } from '../events.ts'

/** `stop` and `killAll` have no answer: what is waited for is the end of the supervisor. */
export type LocalOperation =
  | Operation
  | { readonly type: 'stop'; readonly reason: unknown }
  | { readonly type: 'killAll' }

/** A request of this node's own code, which, unlike one from another node, can hold functions. */
export class LocalRequest {
  readonly operation: LocalOperation
  /** The alias to answer by. */
  readonly replyTo: Reference

  constructor(operation: LocalOperation, replyTo: Reference) {
    this.operation = operation
    this.replyTo = replyTo
  }
}

/** Asks a supervisor of this node; undefined when it is not there, or ended instead of answering. */
export async function askSupervisor(
  node: Node,
  target: Pid | string,
  operation: LocalOperation,
): Promise<Answer | undefined> {
  try {
    const answer = await node.ask(target, (alias) => new LocalRequest(operation, alias))
    return answer instanceof Down ? undefined : (answer as Answer)
  } catch (error) {
    // Nothing runs on a node that is stopped.
    if (error instanceof DistributionError && error.code === 'NODE_STOPPED') return undefined
    throw error
  }
}
