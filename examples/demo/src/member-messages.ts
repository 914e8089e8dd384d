/** What the demo's own process tells one of its members to do, over the IPC channel. */
export type Order =
  | {
      type: 'start'
      name: string
      cookie: string
      epmdPort: number
      resolver: { address: string; port: number }
      /** The service that lists the nodes of each basename. */
      services: Record<string, string>
      /** Whether to hold the table of the demo from the start: the others do. */
      holdsTable: boolean
    }
  /** Send a greeting to the process that is registered as `greeter` on that node, and report the answer. */
  | { type: 'greet'; node: string; text: string }
  /** Hold the table of the demo, with whoever else does. */
  | { type: 'openTable' }
  | { type: 'write'; number: number; article: string }
  /** Write rows one after the other, from this number on, until told to rest. */
  | { type: 'keepWriting'; from: number }
  | { type: 'rest' }
  | { type: 'read'; number: number }
  | { type: 'stop' }

/** What a member reports. */
export type Report =
  | { type: 'up'; runtime: string }
  | { type: 'nodeup'; node: string }
  | { type: 'nodedown'; node: string; reason: string }
  | { type: 'greeted'; by: string; text: string }
  | { type: 'answered'; by: string; text: string }
  /** Who holds the table has changed. */
  | { type: 'view'; role: 'primary' | 'member'; members: number }
  | { type: 'written'; number: number }
  | { type: 'rested'; rows: number; longestMs: number }
  | { type: 'read'; article: string; rows: number }
