import { randomBytes } from 'node:crypto'
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { ClusterError, messageOf } from '../../errors.ts'
import type { ListingSink, StrategyContext, Subscription } from '../../strategy.ts'
import { GossipMembers } from '../gossip-members.ts'
import { encryptHeartbeat, INITIAL_VECTOR_BYTES, readPacket, writeHeartbeat } from '../gossip-packet.ts'

/** The options of `Gossip`, complete. */
export interface GossipSettings {
  readonly port: number
  readonly ifAddr: string
  readonly multicastAddr: string
  readonly multicastIf: string | undefined
  readonly multicastTtl: number
  readonly broadcastOnly: boolean
  readonly key: Uint8Array | undefined
  readonly heartbeatMs: number
  readonly expireMs: number
  readonly namesMax: number
}

/** Pause before a socket that could not be opened, or has failed, is opened again, in ms. */
const REOPEN_MS = 1000

/** Tells of our node, and listens to others, until it is stopped. */
export class GossipSession implements Subscription {
  readonly #settings: GossipSettings
  readonly #context: StrategyContext
  readonly #sink: ListingSink
  readonly #heartbeat: Buffer
  readonly #members: GossipMembers
  /** Kinds of packets that have had their line in the log. */
  readonly #reported = new Set<string>()
  #socket: Socket | undefined
  #open = false
  #timer: NodeJS.Timeout | undefined
  #failing = false

  constructor(settings: GossipSettings, context: StrategyContext, sink: ListingSink) {
    this.#settings = settings
    this.#context = context
    this.#sink = sink
    this.#heartbeat = writeHeartbeat(context.self)
    this.#members = new GossipMembers(settings)
  }

  start(): void {
    const { port, ifAddr } = this.#settings
    // Several nodes of one host share the port.
    const socket = createSocket({ type: 'udp4', reuseAddr: true })
    this.#socket = socket
    socket.on('error', (error) => this.#reopen(error))
    socket.on('message', (packet, sender) => this.#receive(packet, sender))
    socket.bind({ port, address: ifAddr }, () => {
      try {
        this.#configure(socket)
      } catch (error) {
        this.#reopen(error)
        return
      }
      this.#open = true
      this.#tell()
      this.#beat()
    })
  }

  /** A peer was lost. It may have lost us as well, and then waits for our heartbeat. */
  refresh(): void {
    if (this.#open) this.#beat()
  }

  stop(): Promise<void> {
    clearTimeout(this.#timer)
    this.#open = false
    const socket = this.#socket
    this.#socket = undefined
    if (socket === undefined) return Promise.resolve()
    socket.removeAllListeners()
    // What is still under way may fail.
    socket.on('error', () => {})
    return new Promise((resolve) => {
      socket.close(() => resolve())
    })
  }

  #configure(socket: Socket): void {
    const { broadcastOnly, multicastAddr, multicastIf, multicastTtl } = this.#settings
    socket.setBroadcast(true)
    if (broadcastOnly) return
    if (multicastIf !== undefined) socket.setMulticastInterface(multicastIf)
    socket.setMulticastTTL(multicastTtl)
    socket.setMulticastLoopback(true)
    socket.addMembership(multicastAddr, multicastIf)
  }

  #beat(): void {
    const { key, port, multicastAddr, heartbeatMs } = this.#settings
    const socket = this.#socket
    if (this.#members.expire(performance.now())) this.#tell()
    const packet =
      key === undefined ? this.#heartbeat : encryptHeartbeat(this.#heartbeat, key, randomBytes(INITIAL_VECTOR_BYTES))
    socket?.send(packet, port, multicastAddr, (error) => {
      if (socket === this.#socket) this.#sent(error)
    })
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#beat(), 1 + Math.random() * heartbeatMs)
  }

  #sent(error: Error | null): void {
    if (error !== null) this.#fail(error)
    else if (this.#failing) this.#tell()
  }

  #receive(packet: Buffer, { address, port }: RemoteInfo): void {
    const from = `${address}:${port}`
    const reading = readPacket(packet, this.#settings.key)
    switch (reading.type) {
      case 'heartbeat':
        this.#hear(reading.name)
        return
      case 'malformed':
        this.#complain('malformed', `${from} sends heartbeats without the name of a node.`)
        return
      case 'foreign': {
        const advice =
          this.#settings.key === undefined ? 'Is it encrypted? Then its secret is needed here.' : 'Has it our secret?'
        this.#complain('foreign', `${from} sends what is no heartbeat to us. ${advice}`)
      }
    }
  }

  #hear(name: string): void {
    if (name === this.#context.self) return
    const heard = this.#members.hear(name, performance.now())
    if (heard === 'new') this.#tell()
    if (heard !== 'surplus') return
    this.#complain('surplus', `More than namesMax (${this.#settings.namesMax}) nodes tell of themselves.`)
  }

  #tell(): void {
    this.#failing = false
    this.#sink.listed(this.#members.names())
  }

  #fail(cause: unknown): void {
    this.#failing = true
    const { ifAddr, port, multicastAddr, broadcastOnly } = this.#settings
    const what = `Cannot gossip at ${ifAddr}:${port} with ${broadcastOnly ? 'broadcast address' : 'multicast group'} ${multicastAddr}`
    this.#sink.failed(new ClusterError('LOOKUP_FAILED', `${what}: ${messageOf(cause)}.`, { cause }))
  }

  #reopen(error: unknown): void {
    void this.stop()
    this.#timer = setTimeout(() => this.start(), REOPEN_MS)
    this.#fail(error)
  }

  /** One line for each kind: who floods the port must not fill the log. */
  #complain(kind: string, complaint: string): void {
    if (this.#reported.has(kind)) return
    this.#reported.add(kind)
    this.#context.logger.warn(`Gossip: ${complaint} Ignored, and not told again.`)
  }
}
