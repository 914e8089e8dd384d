import type { Logger, Node, NodeInit } from '@tiebeam/distribution'
import type { ChildSpec } from '../child-spec.ts'
import type { AutoShutdown, Strategy, SupervisorLimits } from '../supervisor/settings.ts'

export interface ApplicationInit extends SupervisorLimits {
  /** For the log; the root supervisor is registered as `<name>_sup`. */
  readonly name: string
  /** A node to be started and stopped with the application, or one that is there already. */
  readonly node: NodeInit | Node
  /** What the root supervisor starts, in this order; a function if children need the node. */
  readonly children: readonly ChildSpec[] | ((node: Node) => readonly ChildSpec[])
  /** Default 'oneForOne'. */
  readonly strategy?: Strategy
  /** Default 'never'. */
  readonly autoShutdown?: AutoShutdown
  /** That of the node, when it is started here and has none of its own; supervisors log as their node does. Default: none; of `run`, warnings and errors to stderr. */
  readonly logger?: Logger
}

export interface ApplicationRunInit extends ApplicationInit {
  /** A stop that takes longer kills what is left, and the exit code is 1. Default 25,000: Kubernetes kills after 30 s. */
  readonly stopMs?: number
}
