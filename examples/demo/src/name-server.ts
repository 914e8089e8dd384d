import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { AUTHORITATIVE_ANSWER, decode, encode, type Packet } from 'dns-packet'

/** RFC 1035, section 4.1.1: the response code is the low four bits of the flags. */
const nameError = 3

/**
 * What cluster DNS is to pods: a name server that lists the addresses of each service.
 *
 * It answers A queries over UDP on 127.0.0.1, at a port of its own, so it needs no rights and meets no other resolver.
 */
export class NameServer {
  readonly address = '127.0.0.1'
  readonly #socket: Socket
  readonly #addresses = new Map<string, Set<string>>()

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('message', (query, from) => this.#answer(query, from))
  }

  static async start(): Promise<NameServer> {
    const socket = createSocket('udp4')
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    return new NameServer(socket)
  }

  get port(): number {
    return (this.#socket.address() as AddressInfo).port
  }

  /** Makes `address` one of those that `name` stands for. */
  add(name: string, address: string): void {
    const addresses = this.#addresses.get(name) ?? new Set()
    this.#addresses.set(name, addresses.add(address))
  }

  /** The name stays known: a service without pods has an empty answer, which is not the same as no such service. */
  remove(name: string, address: string): void {
    this.#addresses.get(name)?.delete(address)
  }

  async stop(): Promise<void> {
    const closed = once(this.#socket, 'close')
    this.#socket.close()
    await closed
  }

  #answer(bytes: Buffer, from: RemoteInfo): void {
    const query = readQuery(bytes)
    const question = query?.questions?.[0]
    if (!query || !question) return
    const addresses = this.#addresses.get(question.name.toLowerCase())
    const response = encode({
      type: 'response',
      id: query.id ?? 0,
      flags: AUTHORITATIVE_ANSWER | (addresses ? 0 : nameError),
      questions: [question],
      answers:
        question.type === 'A'
          ? [...(addresses ?? [])].map((data) => ({ type: 'A' as const, name: question.name, ttl: 0, data }))
          : [],
    })
    this.#socket.send(response, from.port, from.address)
  }
}

/** Whatever else arrives at the port is no query of ours, and gets no answer. */
function readQuery(bytes: Buffer): Packet | undefined {
  try {
    const packet = decode(bytes)
    return packet.type === 'query' ? packet : undefined
  } catch {
    return undefined
  }
}
