/** What a cluster asks of an attempt to connect. */
export interface ConnectOptions {
  /** Rejects the attempt when it aborts: the name is no longer listed, or the cluster stops. */
  readonly signal?: AbortSignal
  /**
   * While a TCP connection is not established, another SYN leaves every so many milliseconds. A SYN that was lost in a partition
   * is sent again by the kernel only after 1, 3 and 7 s; healing must not wait for that.
   */
  readonly redialMs?: number
}

export interface NodeUp {
  readonly name: string
}

export interface NodeDown {
  readonly name: string
  readonly reason?: unknown
}

/**
 * All that a cluster uses of a node; a `Node` of `@tiebeam/distribution` has it. Something else that connects peers by name
 * (a test double, another transport) may stand in its place.
 */
export interface ClusterNode {
  /** Own name, `base@host`; never dialled. */
  readonly name: string
  /** Names of every peer with a live link, hidden ones too. */
  nodes(kind: 'connected'): readonly string[]
  /** Resolves when the link is up, also when it was before; rejects with an error that has a `code`. */
  connect(name: string, options?: ConnectOptions): Promise<void>
  disconnect(name: string): Promise<unknown>
  /** Ends the node, for `cluster.leave`. */
  stop(options: { readonly timeoutMs: number }): Promise<void>
  /** What the node does for others, which `cluster.leave` brings to an end. */
  readonly drain: { begin(): Promise<void> }
  on(event: 'nodeup', listener: (event: NodeUp) => void): unknown
  on(event: 'nodedown', listener: (event: NodeDown) => void): unknown
  off(event: 'nodeup', listener: (event: NodeUp) => void): unknown
  off(event: 'nodedown', listener: (event: NodeDown) => void): unknown
}
