import {
  atom,
  type Destination,
  type MonitorTarget,
  Node,
  type NodesKind,
  type TlsInit,
  tuple,
} from '@tiebeam/distribution'
import { GlobalNames, Rpc } from '@tiebeam/kernel'
import { call, cast } from '@tiebeam/otp'
import { functionOf } from '../../attach/rpc-arguments.ts'
import { textOf } from '../../control/text-of.ts'

export interface ShellNodeInit {
  readonly name: string
  readonly shortNames: boolean
  readonly cookie: string
  readonly epmdPort: number | undefined
  readonly tls: TlsInit | undefined
  /** Hears of nodes that come and go, and of messages. */
  readonly onNews: (text: string) => void
}

export interface ShellNode {
  readonly node: Node
  readonly rpc: Rpc
  stop(): Promise<void>
}

export async function startShellNode(init: ShellNodeInit): Promise<ShellNode> {
  const { name, shortNames, cookie, epmdPort, tls, onNews } = init
  const node = await Node.start({
    name,
    shortNames,
    cookie,
    // With it BEAM nodes list the shell among their visible nodes, as they do with iex.
    services: [new GlobalNames()],
    ...(epmdPort !== undefined && { epmd: { port: epmdPort } }),
    ...(tls !== undefined && { tls }),
  })
  node.on('nodeup', (event) => onNews(`[${event.name} is up]\n`))
  node.on('nodedown', (event) => onNews(`[${event.name} is down: ${event.reason.code}]\n`))
  node.spawn(
    async (self) => {
      for (;;) onNews(`[message] ${textOf(await self.receive())}\n`)
    },
    { name: 'shell' },
  )
  const rpc = await Rpc.start(node)
  return {
    node,
    rpc,
    stop: async () => {
      // That they go now is no news.
      node.removeAllListeners()
      await rpc.stop({ timeoutMs: 0 })
      await node.stop()
    },
  }
}

/** What the code of a shell finds by name. */
export function shellContext({ node, rpc }: ShellNode): Record<string, unknown> {
  return {
    node,
    atom,
    tuple,
    connect: (name: string) => node.connect(name).then(() => true),
    disconnect: (name: string) => node.disconnect(name),
    nodes: (kind?: NodesKind) => node.nodes(kind),
    ping: (name: string) => node.ping(name),
    send: (to: Destination, message: unknown) => node.send(to, message),
    call: (...args: ServerArguments) => call(node, ...serverOf(args)),
    cast: (...args: ServerArguments) => cast(node, ...serverOf(args)),
    rpc: (name: string, text: string, ...args: unknown[]) => {
      const wanted = functionOf(text)
      return rpc.call(name, wanted.module, wanted.name, args)
    },
  }
}

/** A server as it is, or a name and its node; then the request. */
type ServerArguments = [server: MonitorTarget, request: unknown] | [name: string, node: string, request: unknown]

function serverOf(args: ServerArguments): [server: MonitorTarget, request: unknown] {
  if (args.length === 2) return args
  const [name, node, request] = args
  return [{ name, node }, request]
}
