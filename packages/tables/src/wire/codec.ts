import { Decoder, Encoder } from '@tiebeam/etf'
import type { Entry } from '../replica/entry.ts'
import type { Message } from '../replica/message.ts'
import { isFields } from './checks.ts'
import { type Hello, isHello } from './hello.ts'
import { isEnvelope, isMessage, messageTypes } from './message-checks.ts'

/** What a process of these tables tells another. */
export type Packet =
  | { readonly type: 'message'; readonly message: Message }
  | { readonly type: 'hello'; readonly hello: Hello }

export type Decoded =
  | Packet
  /** Of a release that knows more: nothing is wrong with it. */
  | { readonly type: 'unknown'; readonly what: string }
  | { readonly type: 'garbage'; readonly problem: string }

/** The first byte. It changes only when releases can no longer understand each other; fields and types may be added without. */
const WIRE_VERSION = 1
const PACKET_BYTES_MAX = 256 * 1024 * 1024

/**
 * From packets to bytes and back. The bytes travel as one binary, so that they mean the same whatever decoding a node was configured with,
 * and so that nothing is read of a packet before it is known where it came from.
 */
export class Codec {
  readonly #encoder = new Encoder({ sizeBytesMax: PACKET_BYTES_MAX })
  readonly #decoder = new Decoder({ sizeBytesMax: PACKET_BYTES_MAX })
  /** Members mostly get the same entries in the same turn. */
  #lastEntries: { readonly first: Entry; readonly last: Entry; readonly bytes: Uint8Array } | undefined

  /** @throws EncodeError */
  encode(packet: Packet): Uint8Array {
    if (packet.type === 'hello') return this.#write(['hello', packet.hello])
    const { message } = packet
    if (message.type !== 'append') return this.#write(['message', message])
    return this.#write(['message', { ...message, entries: this.#encodeEntries(message.entries) }])
  }

  decode(bytes: Uint8Array): Decoded {
    if (bytes.length === 0) return garbage('no bytes')
    if (bytes[0] !== WIRE_VERSION) return { type: 'unknown', what: `version ${bytes[0]} of the protocol` }
    try {
      return this.#read(bytes)
    } catch (error) {
      return garbage(error instanceof Error ? error.message : String(error))
    }
  }

  #read(bytes: Uint8Array): Decoded {
    const term = this.#decoder.readTerm(bytes, 1)
    if (this.#decoder.offset !== bytes.length) return garbage('bytes follow after the term')
    if (!Array.isArray(term)) return garbage('no packet')
    const [type, body] = term as unknown[]
    switch (type) {
      case 'hello':
        return isHello(body) ? { type: 'hello', hello: body } : garbage('a malformed hello')
      case 'message':
        return this.#readMessage(body)
      default:
        return typeof type === 'string'
          ? { type: 'unknown', what: `a packet of type ${type.slice(0, 50)}` }
          : garbage('no type')
    }
  }

  #readMessage(body: unknown): Decoded {
    if (!isFields(body) || !isEnvelope(body)) return garbage('a message without its envelope')
    if (!messageTypes.has(body.type)) {
      return { type: 'unknown', what: `a message of type ${String(body.type).slice(0, 50)}` }
    }
    const message = body.type === 'append' ? { ...body, entries: this.#decodeEntries(body.entries) } : body
    return isMessage(message) ? { type: 'message', message } : garbage(`a malformed message of type ${body.type}`)
  }

  #write(term: unknown): Uint8Array {
    this.#encoder.writeUint8(WIRE_VERSION)
    try {
      this.#encoder.writeTerm(term)
      return this.#encoder.take()
    } finally {
      this.#encoder.offset = 0
    }
  }

  #encodeEntries(entries: readonly Entry[]): Uint8Array | readonly [] {
    const [first] = entries
    const last = entries.at(-1)
    if (first === undefined || last === undefined) return []
    if (this.#lastEntries?.first === first && this.#lastEntries.last === last) return this.#lastEntries.bytes
    this.#encoder.writeTerm(entries)
    const bytes = this.#encoder.take()
    this.#lastEntries = { first, last, bytes }
    return bytes
  }

  #decodeEntries(entries: unknown): unknown {
    return entries instanceof Uint8Array ? this.#decoder.readTerm(entries) : entries
  }
}

function garbage(problem: string): Decoded {
  return { type: 'garbage', problem }
}
