import { Atom, DecodeError, Decoder, type DecoderInit, Tuple } from '@tiebeam/etf'
import { OPERATION, toSignal } from '../control.ts'
import type { DemonitorSignal, MonitorSignal, Signal } from '../signals.ts'
import { AtomCache } from './atom-cache.ts'
import { type Assembled, FragmentAssembler } from './fragments.ts'
import { IdentifierReader } from './identifier-reader.ts'
import { malformed } from './malformed.ts'
import { PrefixMemo } from './prefix-memo.ts'
import {
  ATOM_CACHE_REF,
  FRAGMENT_FIRST,
  FRAGMENT_HEADER_BYTES,
  FRAGMENT_NEXT,
  HEADER,
  PASS_THROUGH,
  SMALL_INTEGER_EXT,
  SMALL_TUPLE_EXT,
  VERSION,
} from './tags.ts'

export interface MessageReaderInit {
  /** How terms become values; see {@link DecoderInit}. */
  readonly decoder?: DecoderInit
  /** Messages to these registered names are decoded exactly, whatever `decoder` says. */
  readonly exactNames?: ReadonlySet<string>
  /** Bytes of one message put together from fragments. Default 256 MiB. */
  readonly messageBytesMax?: number
  /** Messages of which only some fragments have arrived. Default 4096. */
  readonly sequencesMax?: number
  /** Memory of all those messages together. Default 512 MiB. */
  readonly partialBytesMax?: number
}

const MESSAGE_BYTES_MAX = 256 * 1024 * 1024
const SEQUENCES_MAX = 4096
const PARTIAL_BYTES_MAX = 512 * 1024 * 1024

/** For larger frames a memo is no gain, and a view would hold on to their memory. */
const SMALL_BYTES_MAX = 64 * 1024

const NO_REFERENCES: readonly Atom[] = []
const NO_NAMES: ReadonlySet<string> = new Set()

/**
 * Turns the frames of one link into signals. It holds what the link's past means for its future: the atom cache and unfinished
 * fragments. After an error it is of no further use, and neither is the link.
 */
export class MessageReader {
  readonly #decoder: Decoder
  readonly #exactDecoder: Decoder
  readonly #exactNames: ReadonlySet<string>
  readonly #cache = new AtomCache()
  readonly #identifiers = new IdentifierReader()
  readonly #fragments: FragmentAssembler
  readonly #memo = new PrefixMemo()
  /** A view of the bytes that were read last: frames come many to a chunk. */
  #view: DataView = new DataView(new ArrayBuffer(0))
  #viewed: Buffer | undefined

  constructor(init: MessageReaderInit = {}) {
    this.#decoder = new Decoder(init.decoder)
    this.#exactNames = init.exactNames ?? NO_NAMES
    this.#exactDecoder = this.#exactNames.size === 0 ? this.#decoder : new Decoder({ decoding: 'exact' })
    this.#fragments = new FragmentAssembler({
      messageBytesMax: init.messageBytesMax ?? MESSAGE_BYTES_MAX,
      sequencesMax: init.sequencesMax ?? SEQUENCES_MAX,
      partialBytesMax: init.partialBytesMax ?? PARTIAL_BYTES_MAX,
    })
  }

  /** Memory held for messages of which some fragments are still to come. */
  get partialBytes(): number {
    return this.#fragments.partialBytes
  }

  /** How many such messages there are. */
  get sequences(): number {
    return this.#fragments.sequences
  }

  /**
   * Reads one frame, without its length. What it returns keeps nothing of `bytes`, unless they are `owned`: then they must not change
   * any more, and a long binary in the message may be a view of them.
   * @returns `undefined` for a tick, and for a fragment that is not the last of its message
   * @throws DistributionError `MESSAGE_MALFORMED` (with the `DecodeError` as cause), `MESSAGE_TOO_LARGE`, `FRAGMENTS_LIMIT`
   */
  read(bytes: Buffer, start: number, end: number, owned = false): Signal | undefined {
    if (start === end) return undefined
    this.#decoder.ownsInput = owned
    try {
      if (bytes[start] !== VERSION) return this.#readPassThrough(bytes, start, end)
      if (start + 2 > end) throw malformed('it ends after one byte')
      switch (bytes[start + 1]) {
        case HEADER:
          if (end - start <= SMALL_BYTES_MAX) return this.#readSmall(bytes, start, end)
          return this.#readHeaded(bytes, start + 2, end)
        case FRAGMENT_FIRST:
          return this.#readFirstFragment(bytes, start, end)
        case FRAGMENT_NEXT:
          return this.#readNextFragment(bytes, start, end)
        default:
          throw malformed(`131 is followed by ${bytes[start + 1]}, which begins no message`)
      }
    } catch (error) {
      if (error instanceof DecodeError) throw malformed(error.message, error)
      throw error
    }
  }

  #readHeaded(bytes: Buffer, at: number, end: number): Signal {
    const references = this.#cache.readReferences(bytes, at, end)
    return this.#readTerms(bytes, this.#cache.offset, end, references)
  }

  /** The hot path: a message whose prefix is in the memo. */
  #readSmall(bytes: Buffer, start: number, end: number): Signal {
    if (bytes !== this.#viewed) {
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      this.#viewed = bytes
    }
    const known = this.#memo.find(this.#view, start, end, this.#cache.version)
    if (known !== undefined) {
      const { from, to } = known
      const message = this.#readPayload(bytes, start + known.length, end, known.references, to)
      return typeof to === 'string'
        ? { type: 'sendName', from, name: to, message }
        : { type: 'send', from, to, message }
    }
    const references = this.#cache.readReferences(bytes, start + 2, end)
    const at = this.#cache.offset
    const signal = this.#readCommon(bytes, at, end, references)
    if (signal === undefined) return this.#readTerms(bytes, at, end, references)
    this.#keepPrefix(bytes, start, at, references, signal)
    return signal
  }

  #keepPrefix(bytes: Buffer, start: number, at: number, references: readonly Atom[], signal: Signal): void {
    const length = this.#identifiers.offset - start
    // The sender's pid comes after the operation: its tag, the node's atom, then its number.
    const node = at + 5
    const senderAt = node + (bytes[node] === ATOM_CACHE_REF ? 2 : 2 + (bytes[node + 1] as number)) - start
    if (signal.type === 'send' && signal.from !== undefined) {
      const prefix = { from: signal.from, to: signal.to, references, length }
      this.#memo.keep(this.#view, start, senderAt, prefix, this.#cache.version)
    } else if (signal.type === 'sendName') {
      const prefix = { from: signal.from, to: signal.name, references, length }
      this.#memo.keep(this.#view, start, senderAt, prefix, this.#cache.version)
    }
  }

  #readFirstFragment(bytes: Buffer, start: number, end: number): Signal | undefined {
    if (start + FRAGMENT_HEADER_BYTES > end) throw malformed('the header of a fragment ends too early')
    const fragmentId = bytes.readBigUInt64BE(start + 10)
    if (fragmentId === 1n) return this.#readHeaded(bytes, start + FRAGMENT_HEADER_BYTES, end)
    const references = this.#cache.readReferences(bytes, start + FRAGMENT_HEADER_BYTES, end)
    const at = this.#cache.offset
    this.#fragments.begin(bytes.readBigUInt64BE(start + 2), fragmentId, references, bytes, at, end)
    return undefined
  }

  #readNextFragment(bytes: Buffer, start: number, end: number): Signal | undefined {
    if (start + FRAGMENT_HEADER_BYTES > end) throw malformed('the header of a fragment ends too early')
    const sequenceId = bytes.readBigUInt64BE(start + 2)
    const fragmentId = bytes.readBigUInt64BE(start + 10)
    const at = start + FRAGMENT_HEADER_BYTES
    const message: Assembled | undefined = this.#fragments.append(sequenceId, fragmentId, bytes, at, end)
    if (message === undefined) return undefined
    // What was put together is of no use to anybody else.
    this.#decoder.ownsInput = true
    return this.#readTerms(message.bytes, 0, message.end, message.references)
  }

  /** Before distribution headers existed: each term with a version of its own. */
  #readPassThrough(bytes: Buffer, start: number, end: number): Signal {
    if (bytes[start] !== PASS_THROUGH) throw malformed(`it begins with ${bytes[start]}`)
    if (start + 1 >= end || bytes[start + 1] !== VERSION) throw malformed('its control message has no version')
    const control = this.#readControl(bytes, start + 2, end, NO_REFERENCES)
    const at = this.#decoder.offset
    if (at === end) return toSignal({ control, hasPayload: false })
    if (bytes[at] !== VERSION) throw malformed('its payload has no version')
    const payload = this.#readPayload(bytes, at + 1, end, NO_REFERENCES, nameIn(control))
    return toSignal({ control, payload, hasPayload: true })
  }

  #readTerms(bytes: Buffer, at: number, end: number, references: readonly Atom[]): Signal {
    const control = this.#readControl(bytes, at, end, references)
    const payloadAt = this.#decoder.offset
    if (payloadAt === end) return toSignal({ control, hasPayload: false })
    const payload = this.#readPayload(bytes, payloadAt, end, references, nameIn(control))
    return toSignal({ control, payload, hasPayload: true })
  }

  /**
   * Messages, without a tuple in between. `undefined` when it is something else, or has a form that is not the usual
   * one; nothing has happened then.
   */
  #readCommon(bytes: Buffer, at: number, end: number, references: readonly Atom[]): Signal | undefined {
    if (at + 5 > end || bytes[at] !== SMALL_TUPLE_EXT || bytes[at + 2] !== SMALL_INTEGER_EXT) return undefined
    const arity = bytes[at + 1]
    const identifiers = this.#identifiers
    const view = this.#view
    switch (bytes[at + 3]) {
      case OPERATION.SEND_SENDER: {
        if (arity !== 3) return undefined
        const from = identifiers.readPid(view, at + 4, end, references)
        if (from === undefined) return undefined
        const to = identifiers.readPid(view, identifiers.offset, end, references)
        if (to === undefined) return undefined
        return { type: 'send', from, to, message: this.#readPayload(bytes, identifiers.offset, end, references) }
      }
      case OPERATION.SEND: {
        if (arity !== 3 || identifiers.readAtom(view, at + 4, end, references) === undefined) return undefined
        const to = identifiers.readPid(view, identifiers.offset, end, references)
        if (to === undefined) return undefined
        return {
          type: 'send',
          from: undefined,
          to,
          message: this.#readPayload(bytes, identifiers.offset, end, references),
        }
      }
      case OPERATION.REG_SEND: {
        if (arity !== 4) return undefined
        const from = identifiers.readPid(view, at + 4, end, references)
        if (from === undefined) return undefined
        if (identifiers.readAtom(view, identifiers.offset, end, references) === undefined) return undefined
        const name = identifiers.readAtom(view, identifiers.offset, end, references)
        if (name === undefined) return undefined
        const message = this.#readPayload(bytes, identifiers.offset, end, references, name)
        return { type: 'sendName', from, name, message }
      }
      case OPERATION.ALIAS_SEND: {
        if (arity !== 3) return undefined
        const from = identifiers.readPid(view, at + 4, end, references)
        if (from === undefined) return undefined
        const alias = identifiers.readReference(view, identifiers.offset, end, references)
        if (alias === undefined) return undefined
        return {
          type: 'sendAlias',
          from,
          alias,
          message: this.#readPayload(bytes, identifiers.offset, end, references),
        }
      }
      case OPERATION.MONITOR_P:
        return arity === 4 ? this.#readMonitor('monitor', at + 4, end, references) : undefined
      case OPERATION.DEMONITOR_P:
        return arity === 4 ? this.#readMonitor('demonitor', at + 4, end, references) : undefined
      default:
        return undefined
    }
  }

  /** Every call sets up a monitor and takes it away again. What follows its reference, if anything, is for the general way to refuse. */
  #readMonitor(
    type: 'monitor' | 'demonitor',
    at: number,
    end: number,
    references: readonly Atom[],
  ): MonitorSignal | DemonitorSignal | undefined {
    const identifiers = this.#identifiers
    const view = this.#view
    const from = identifiers.readPid(view, at, end, references)
    if (from === undefined) return undefined
    const toAt = identifiers.offset
    const to = identifiers.readPid(view, toAt, end, references) ?? identifiers.readAtom(view, toAt, end, references)
    if (to === undefined) return undefined
    const reference = identifiers.readReference(view, identifiers.offset, end, references)
    return reference === undefined || identifiers.offset !== end ? undefined : { type, from, to, reference }
  }

  #readControl(bytes: Buffer, at: number, end: number, references: readonly Atom[]): Tuple {
    const control = this.#decoder.readTerm(bytes, at, end, references)
    if (control instanceof Tuple) return control
    throw malformed('its control message is not a tuple')
  }

  /** `to` is whoever the message is for, if that is a name. */
  #readPayload(bytes: Buffer, at: number, end: number, references: readonly Atom[], to?: unknown): unknown {
    const exact = typeof to === 'string' && this.#exactNames.has(to)
    const decoder = exact ? this.#exactDecoder : this.#decoder
    const payload = decoder.readTerm(bytes, at, end, references)
    if (decoder.offset !== end) throw malformed(`${end - decoder.offset} bytes follow its payload`)
    return payload
  }
}

/** The registered name to which a control message brings its payload. */
function nameIn(control: Tuple): string | undefined {
  const operation = control.at(0)
  if (operation !== OPERATION.REG_SEND && operation !== OPERATION.REG_SEND_TT) return undefined
  const name = control.at(3)
  return name instanceof Atom ? name.name : undefined
}
