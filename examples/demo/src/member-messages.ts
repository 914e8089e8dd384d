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
    }
  /** Send a greeting to the process that is registered as `greeter` on that node, and report the answer. */
  | { type: 'greet'; node: string; text: string }
  | { type: 'stop' }

/** What a member reports. */
export type Report =
  | { type: 'up'; runtime: string }
  | { type: 'nodeup'; node: string }
  | { type: 'nodedown'; node: string; reason: string }
  | { type: 'greeted'; by: string; text: string }
  | { type: 'answered'; by: string; text: string }
