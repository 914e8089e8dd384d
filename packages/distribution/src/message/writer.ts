import type { Encoder, Pid } from '@tiebeam/etf'
import { OPERATION, toControl } from '../control.ts'
import { DistributionError } from '../errors.ts'
import { hasFlag } from '../flags.ts'
import type { DemonitorSignal, MonitorSignal, SendAliasSignal, Signal } from '../signals.ts'
import { Fragments } from './fragmenting.ts'
import { IdentifierWriter } from './identifier-writer.ts'
import { HEADER, PASS_THROUGH, SMALL_INTEGER_EXT, SMALL_TUPLE_EXT, VERSION } from './tags.ts'

export interface MessageWriterInit {
  /** The flags of the link: those that both sides set. */
  readonly flags: bigint
  /** Payloads above this are to be cut, when the link has FRAGMENTS. At least 1,024; default 65,536, as in OTP. */
  readonly fragmentBytesMax?: number
}

const FRAGMENT_BYTES_MAX = 64 * 1024
const FRAGMENT_BYTES_LEAST = 1024
const LENGTH_BYTES = 4
/** One slot per pair of sender and receiver; a power of two. */
const PREFIXES = 256
/** After so many pairs in a row that were not known, only one in {@link KEPT_OF} is kept: keeping costs more than writing. */
const MISSES_MAX = 256
const KEPT_OF = 16

/** A frame up to its payload, of a message from one process to another, or to a name; the length is still 0. */
interface Prefix {
  readonly from: Pid
  /** `undefined`: to an alias, which follows. */
  readonly to: Pid | string | undefined
  readonly bytes: Buffer
}

/** Writes signals as frames for one link. */
export class MessageWriter {
  readonly #flags: bigint
  readonly #headed: boolean
  readonly #fragments: boolean
  readonly #sendSender: boolean
  readonly #fragmentBytesMax: number
  readonly #prefixes: (Prefix | undefined)[] = new Array(PREFIXES).fill(undefined)
  readonly #identifiers = new IdentifierWriter()
  #misses = 0
  #sequenceId = 1n

  /** @throws DistributionError `OPTION_INVALID` */
  constructor(init: MessageWriterInit) {
    this.#flags = init.flags
    this.#fragments = hasFlag(init.flags, 'FRAGMENTS')
    // OTP 25 closes a link with FRAGMENTS on a message without a header, even when there is no atom cache.
    this.#headed = this.#fragments || hasFlag(init.flags, 'DIST_HDR_ATOM_CACHE')
    this.#sendSender = hasFlag(init.flags, 'SEND_SENDER')
    this.#fragmentBytesMax = init.fragmentBytesMax ?? FRAGMENT_BYTES_MAX
    if (!(this.#fragmentBytesMax >= FRAGMENT_BYTES_LEAST)) {
      throw new DistributionError('OPTION_INVALID', `fragmentBytesMax must be at least ${FRAGMENT_BYTES_LEAST}.`)
    }
  }

  /**
   * Appends the signal as one frame, its 4-byte length included.
   * @returns 0 when the frame is to leave as it is. Else its payload is longer than `fragmentBytesMax`, and the result is what
   * {@link fragments} wants to know: the index in the frame at which the payload begins. Such a frame may leave as it is, too, but
   * then holds up whatever waits behind it.
   * @throws EncodeError when something in the signal has no term; nothing is appended then
   */
  write(encoder: Encoder, signal: Signal): number {
    const start = encoder.offset
    try {
      if (signal.type === 'send') {
        if (signal.from !== undefined && this.#sendSender) {
          return this.#writeMessage(encoder, signal.from, signal.to, signal.message)
        }
      } else if (signal.type === 'sendName') {
        return this.#writeMessage(encoder, signal.from, signal.name, signal.message)
      } else if (signal.type === 'sendAlias') {
        return this.#writeAliasMessage(encoder, signal)
      } else if (signal.type === 'monitor') {
        return this.#writeMonitor(encoder, OPERATION.MONITOR_P, signal)
      } else if (signal.type === 'demonitor') {
        return this.#writeMonitor(encoder, OPERATION.DEMONITOR_P, signal)
      }
      return this.#writeSignal(encoder, signal)
    } catch (error) {
      encoder.offset = start
      throw error
    }
  }

  /**
   * Cuts a frame for which {@link write} returned `payloadAt`, other than 0. The frame's bytes must not change until the last fragment
   * has left.
   * @param frame its bytes, in one part or several
   */
  fragments(frame: Buffer | readonly Buffer[], payloadAt: number): Fragments {
    const sequenceId = this.#sequenceId
    // Not 0, which OTP takes for a message that is not fragmented.
    this.#sequenceId = BigInt.asUintN(64, sequenceId + 1n) || 1n
    return new Fragments(Buffer.isBuffer(frame) ? [frame] : frame, payloadAt, this.#fragmentBytesMax, sequenceId)
  }

  /** The hot path: what precedes the payload is copied from the last message between the two. */
  #writeMessage(encoder: Encoder, from: Pid, to: Pid | string, message: unknown): number {
    const start = encoder.offset
    this.#writePrefix(encoder, from, to)
    if (!this.#headed) encoder.writeUint8(VERSION)
    const payloadAt = encoder.offset
    encoder.writeTerm(message)
    return this.#finish(encoder, start, payloadAt)
  }

  /** An alias is rarely used twice: only what precedes it is kept. */
  #writeAliasMessage(encoder: Encoder, signal: SendAliasSignal): number {
    const start = encoder.offset
    this.#writePrefix(encoder, signal.from, undefined)
    this.#identifiers.writeReference(encoder, signal.alias)
    if (!this.#headed) encoder.writeUint8(VERSION)
    const payloadAt = encoder.offset
    encoder.writeTerm(signal.message)
    return this.#finish(encoder, start, payloadAt)
  }

  #writePrefix(encoder: Encoder, from: Pid, to: Pid | string | undefined): void {
    const number = typeof to === 'object' ? to.id : (to?.length ?? 0)
    const slot = (number * 31 + from.id) & (PREFIXES - 1)
    const known = this.#prefixes[slot]
    const start = encoder.offset
    if (known !== undefined && isSame(known.from, from) && isSame(known.to, to)) {
      this.#misses = 0
      const { bytes } = known
      encoder.ensure(bytes.length)
      encoder.buffer.set(bytes, start)
      encoder.offset = start + bytes.length
      return
    }
    this.#writeHead(encoder)
    this.#writeControl(encoder, from, to)
    this.#misses += 1
    if (this.#misses > MISSES_MAX && this.#misses % KEPT_OF !== 0) return
    this.#prefixes[slot] = { from, to, bytes: Buffer.from(encoder.buffer.subarray(start, encoder.offset)) }
  }

  /** The control message of a message to a process or a name; of one to an alias, all but the alias. */
  #writeControl(encoder: Encoder, from: Pid, to: Pid | string | undefined): void {
    encoder.writeUint8(SMALL_TUPLE_EXT)
    encoder.writeUint8(typeof to === 'string' ? 4 : 3)
    encoder.writeUint8(SMALL_INTEGER_EXT)
    if (typeof to === 'string') {
      encoder.writeUint8(OPERATION.REG_SEND)
      this.#identifiers.writePid(encoder, from)
      this.#identifiers.writeAtom(encoder, '')
      this.#identifiers.writeAtom(encoder, to)
    } else {
      encoder.writeUint8(to === undefined ? OPERATION.ALIAS_SEND : OPERATION.SEND_SENDER)
      this.#identifiers.writePid(encoder, from)
      if (to !== undefined) this.#identifiers.writePid(encoder, to)
    }
  }

  /** Every call sets up a monitor and takes it away again. */
  #writeMonitor(encoder: Encoder, operation: number, signal: MonitorSignal | DemonitorSignal): number {
    const start = encoder.offset
    const { from, to, reference } = signal
    this.#writeHead(encoder)
    encoder.writeUint8(SMALL_TUPLE_EXT)
    encoder.writeUint8(4)
    encoder.writeUint8(SMALL_INTEGER_EXT)
    encoder.writeUint8(operation)
    this.#identifiers.writePid(encoder, from)
    if (typeof to === 'string') this.#identifiers.writeAtom(encoder, to)
    else this.#identifiers.writePid(encoder, to)
    this.#identifiers.writeReference(encoder, reference)
    return this.#finish(encoder, start, encoder.offset)
  }

  #writeSignal(encoder: Encoder, signal: Signal): number {
    const start = encoder.offset
    const { control, payload, hasPayload } = toControl(signal, this.#flags)
    this.#writeHead(encoder)
    encoder.writeTerm(control)
    if (!hasPayload) return this.#finish(encoder, start, encoder.offset)
    if (!this.#headed) encoder.writeUint8(VERSION)
    const payloadAt = encoder.offset
    encoder.writeTerm(payload)
    return this.#finish(encoder, start, payloadAt)
  }

  /** Room for the length, and what comes before the control message: a header that names no cached atoms. */
  #writeHead(encoder: Encoder): void {
    encoder.writeUint32(0)
    if (this.#headed) {
      encoder.writeUint8(VERSION)
      encoder.writeUint8(HEADER)
      encoder.writeUint8(0)
    } else {
      encoder.writeUint8(PASS_THROUGH)
      encoder.writeUint8(VERSION)
    }
  }

  #finish(encoder: Encoder, start: number, payloadAt: number): number {
    // Nothing was shared before: what shares bytes is taken from the encoder before the next signal is written.
    const end = encoder.offset + encoder.sharedBytes
    encoder.patchUint32(start, end - start - LENGTH_BYTES)
    return this.#fragments && end - payloadAt > this.#fragmentBytesMax ? payloadAt - start : 0
  }
}

function isSame(known: Pid | string | undefined, other: Pid | string | undefined): boolean {
  if (known === other) return true
  if (typeof known !== 'object' || typeof other !== 'object') return false
  return (
    known.id === other.id &&
    known.serial === other.serial &&
    known.creation === other.creation &&
    known.node === other.node
  )
}
