/** Stable codes of what can go wrong. The text of a message may change between releases, a code may not. */
export type KernelErrorCode =
  | 'OPTION_INVALID'
  // Remote calls; see RpcError
  | 'RPC_EXCEPTION'
  | 'RPC_UNDEF'
  | 'RPC_THROWN'
  | 'RPC_EXIT'
  | 'RPC_SIGNAL'
  | 'RPC_TIMEOUT'
  | 'RPC_NODE_DOWN'
  | 'RPC_NOTSUP'
  | 'RPC_REFUSED'
  | 'RPC_CALLS_FULL'
  | 'RPC_STOPPED'
  // Groups and PubSub
  /** Some nodes did not get what was published, because the output to them is full. */
  | 'BROADCAST_INCOMPLETE'
  /** More changes of groups waited to be read than `changesMax` allows. */
  | 'CHANGES_OVERFLOW'
  | 'GROUPS_STOPPED'
  /** Only processes of the own node can join and leave groups. */
  | 'NOT_LOCAL'
  | 'PUBSUB_STOPPED'
  /** A PubSub of this name runs on the node already. */
  | 'PUBSUB_TAKEN'
  /** The name of the scope is registered on the node already. */
  | 'SCOPE_TAKEN'
  // Global names
  | 'SERVICE_NOT_RUNNING'
  | 'NAME_NOT_REGISTERED'
  | 'REGISTRATIONS_FULL'
  | 'LOCK_REFUSED'
  | 'SYNC_TIMEOUT'
  | 'SYNCS_FULL'

/** Every failure of this package that a caller can meet. */
export class KernelError extends Error {
  override readonly name: string = 'KernelError'
  readonly code: KernelErrorCode

  constructor(code: KernelErrorCode, message: string, init: { readonly cause?: unknown } = {}) {
    super(message, init.cause === undefined ? undefined : { cause: init.cause })
    this.code = code
  }
}
