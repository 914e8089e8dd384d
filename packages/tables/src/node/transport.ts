import {
  atom,
  DistributionError,
  Down,
  type Logger,
  type Node,
  type Pid,
  type Process,
  Reference,
  Tuple,
  tuple,
} from '@tiebeam/distribution'
import { Binary, Pid as PidValue } from '@tiebeam/etf'
import { Codec, type Packet } from '../wire/codec.ts'

export interface TransportInit {
  readonly node: Node
  readonly logger: Logger
  /** The registered name, the same at all nodes. */
  readonly processName: string
  /** Called with each packet of a batch that came together, in order. `answer` is there when an answer is awaited. */
  readonly onPacket: (from: string, packet: Packet, answer: ((packet: Packet) => void) | undefined) => void
  /** The process ended, though nobody stopped it. */
  readonly onEnded: () => void
}

/** What became of a question to another node. */
export type AskAnswer =
  | { readonly type: 'answered'; readonly packet: Packet }
  /** The node is there, and has no process of these tables. */
  | { readonly type: 'absent' }
  | { readonly type: 'unreachable' }

const NOPROC = atom('noproc')
/** Whose garbage is logged. */
const COMPLAINTS_MAX = 1000
/** What waits for room in the output to one node; more is dropped, as on a bad line, and sent again by the protocol. */
const HELD_BYTES_MAX = 32 * 1024 ** 2

interface Held {
  readonly packets: Uint8Array[]
  bytes: number
}

/** Carries packets between the processes of these tables, each registered under the same name at its node. */
export class Transport {
  readonly #init: TransportInit
  readonly #codec = new Codec()
  /** What waits until the output to a node has drained. */
  readonly #held = new Map<string, Held>()
  /** Whose garbage was logged. */
  readonly #complained = new Set<string>()
  readonly #pid: Pid
  #process: Process | undefined
  #isStopped = false
  readonly counts = { packetsDropped: 0, packetsNotUnderstood: 0 }

  /** @throws DistributionError `NAME_TAKEN`, `NODE_STOPPED` */
  constructor(init: TransportInit) {
    this.#init = init
    this.#pid = init.node.spawn((process) => this.#run(process), { name: init.processName })
  }

  stop(): void {
    this.#isStopped = true
    this.#held.clear()
    if (this.#init.node.isAlive(this.#pid)) this.#process?.exit(this.#pid, 'stopped')
  }

  send(node: string, packet: Packet): void {
    if (this.#isStopped) return
    let bytes: Uint8Array
    try {
      bytes = this.#codec.encode(packet)
    } catch (error) {
      this.#drop(node, error)
      return
    }
    const held = this.#held.get(node)
    if (held === undefined) this.#sendBytes(node, bytes)
    else if (held.bytes + bytes.length <= HELD_BYTES_MAX) add(held, bytes)
    else this.counts.packetsDropped += 1
  }

  async ask(node: string, packet: Packet, timeoutMs: number): Promise<AskAnswer> {
    const target = { name: this.#init.processName, node }
    const bytes = this.#codec.encode(packet)
    try {
      const answer = await this.#init.node.ask(target, (alias) => tuple(this.#pid, alias, bytes), { timeoutMs })
      if (answer instanceof Down) return { type: answer.reason === NOPROC ? 'absent' : 'unreachable' }
      const decoded = this.#decode(node, bytesOf(answer))
      return decoded === undefined ? { type: 'unreachable' } : { type: 'answered', packet: decoded }
    } catch (error) {
      this.#init.logger.debug({ err: error, peer: node }, 'tables: a question without an answer')
      return { type: 'unreachable' }
    }
  }

  async #run(process: Process): Promise<void> {
    this.#process = process
    try {
      for (;;) for (const message of await process.receiveAll()) this.#receive(message)
    } finally {
      if (!this.#isStopped) this.#init.onEnded()
    }
  }

  #receive(message: unknown): void {
    if (this.#isStopped) return
    const [sender, second, third] = message instanceof Tuple ? message.elements : []
    if (!(sender instanceof PidValue)) {
      this.#complain('a process that does not say who it is', 'no packet')
      return
    }
    const alias = second instanceof Reference ? second : undefined
    const packet = this.#decode(sender.node, bytesOf(alias === undefined ? second : third))
    if (packet === undefined) return
    this.#init.onPacket(sender.node, packet, alias && ((answer) => this.#answer(alias, answer)))
  }

  #decode(from: string, bytes: Uint8Array | undefined): Packet | undefined {
    const decoded = bytes === undefined ? { type: 'garbage' as const, problem: 'no bytes' } : this.#codec.decode(bytes)
    if (decoded.type === 'garbage' || decoded.type === 'unknown') {
      this.#complain(from, decoded.type === 'garbage' ? decoded.problem : decoded.what)
      return undefined
    }
    const claimed = decoded.type === 'hello' ? decoded.hello.member.node : decoded.message.from.node
    if (claimed === from) return decoded
    this.#complain(from, `a packet that claims to be from ${claimed}`)
    return undefined
  }

  #complain(peer: string, problem: string): void {
    this.counts.packetsNotUnderstood += 1
    if (this.#complained.has(peer) || this.#complained.size >= COMPLAINTS_MAX) return
    this.#complained.add(peer)
    this.#init.logger.warn(
      { peer, problem },
      'tables: dropped what cannot be understood; more of this peer is dropped silently',
    )
  }

  #answer(alias: Reference, packet: Packet): void {
    try {
      this.#init.node.send(alias, this.#codec.encode(packet))
    } catch (error) {
      this.#init.logger.debug({ err: error }, 'tables: an answer could not be sent')
    }
  }

  #sendBytes(node: string, bytes: Uint8Array): void {
    try {
      this.#init.node.send({ name: this.#init.processName, node }, tuple(this.#pid, bytes))
    } catch (error) {
      if (error instanceof DistributionError && error.code === 'OUTPUT_FULL') this.#hold(node, bytes)
      else this.#drop(node, error)
    }
  }

  #hold(node: string, bytes: Uint8Array): void {
    this.#held.set(node, { packets: [bytes], bytes: bytes.length })
    const release = (): void => {
      const { packets } = this.#held.get(node) ?? { packets: [] }
      this.#held.delete(node)
      // The first that finds no room makes the others wait behind it.
      for (const waiting of packets) {
        const again = this.#held.get(node)
        if (again === undefined) this.#sendBytes(node, waiting)
        else add(again, waiting)
      }
    }
    this.#init.node.drained(node).then(release, () => this.#held.delete(node))
  }

  #drop(node: string, error: unknown): void {
    this.counts.packetsDropped += 1
    this.#init.logger.debug({ err: error, peer: node }, 'tables: a packet could not be sent')
  }
}

function add(held: Held, bytes: Uint8Array): void {
  held.packets.push(bytes)
  held.bytes += bytes.length
}

/** However the node decodes binaries: bytes travel in a form that only an exact decoder makes something else of. */
function bytesOf(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value
  if (value instanceof Binary) return value.bytes
  return typeof value === 'object' && value !== null && 'bytes' in value && value.bytes instanceof Uint8Array
    ? value.bytes
    : undefined
}
