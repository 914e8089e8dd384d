/** Figures of one link since it came up. */
export interface LinkStats {
  readonly name: string
  readonly hidden: boolean
  readonly since: Date
  readonly bytesIn: number
  readonly bytesOut: number
  readonly messagesIn: number
  readonly messagesOut: number
  /** What waits to be sent. */
  readonly queuedBytes: number
}

/** Figures of a node, as plain data. */
export interface NodeStats {
  readonly name: string
  readonly creation: number
  readonly since: Date
  readonly links: readonly LinkStats[]
  /** Nodes to which a connection is being made. */
  readonly connecting: readonly string[]
  /** Callers that have not proved to know the cookie. */
  readonly unauthenticated: number
  readonly processes: number
  /** What waits in the mailboxes of all of them. */
  readonly mailboxMessages: number
  readonly registeredNames: number
  /** Links between processes, counted at each of this node's ends. */
  readonly processLinks: number
  readonly monitors: number
  /** Requests for processes on other nodes that wait for their answer. */
  readonly pendingSpawns: number
  /** Since the node started. */
  readonly connected: number
  readonly disconnected: number
  readonly connectFailures: number
  readonly refusedCallers: number
}
