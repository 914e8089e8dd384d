import type { Socket } from 'node:net'
import { EncodeError, Encoder, type Pid } from '@tiebeam/etf'
import { DistributionError } from '../errors.ts'
import { hasFlag } from '../flags.ts'
import type { FrameReader } from '../frames.ts'
import type { Peer } from '../handshake/effects.ts'
import { MessageReader } from '../message/reader.ts'
import { MessageWriter } from '../message/writer.ts'
import { BULK_FRAME_BYTES, BulkWindow, isReceipt, RECEIPT_NAME, Receipts } from '../output/bulk-window.ts'
import { FragmentedMessage } from '../output/fragmented-message.ts'
import { isTooLarge, messageTooLarge } from '../output/message-too-large.ts'
import { OutputLimit, type WaitingOutput } from '../output/output-limit.ts'
import { OutputScheduler, WholeFrame } from '../output/output-scheduler.ts'
import { receiverOf, withTermlessReason } from '../output/signal-order.ts'
import type { Signal } from '../signals.ts'
import { StallWatch } from '../stall.ts'
import type { LinkStats } from '../stats.ts'
import { TICK_BYTES, Ticker, tickPeriodMs } from '../tick.ts'
import { afterMicrotasks } from './after-microtasks.ts'
import { Awake } from './awake.ts'
import { DrainWaiters } from './drain-waiters.ts'
import type { LinkInit } from './link-init.ts'

const ENCODER_BYTES = 256 * 1024
/** A frame of this size is bulk: it leaves in pieces, and small frames go before it. */
const BULK_BYTES = BULK_FRAME_BYTES
/** A message of at most this size is not cut: as one frame it holds up others no longer than a fragment or two. */
const WHOLE_BYTES = 128 * 1024
/** The socket gets no more while it has so much: what it has, nothing can overtake. */
const SOCKET_BYTES_MAX = 128 * 1024
/** So much is handed to the system at once. */
const BATCH_BYTES = 128 * 1024
/** After so many bytes the event loop gets its turn, even though the socket would take more. */
const TURN_BYTES_MAX = 1024 * 1024
/** Other signals than messages are never refused; only a peer that provokes them and takes none gets so far. */
const SIGNALS_BYTES_MAX = 64 * 1024 * 1024
/** What may be on its way to a Tiebeam peer before bulk waits, and how often it reports what it has read. */
const BULK_WINDOW_BYTES = 512 * 1024
const RECEIPT_BYTES = 128 * 1024
const FRAME_LENGTH_BYTES = 4
const TICK = Buffer.alloc(TICK_BYTES)

/** An established connection to a peer: turns signals into bytes on a socket, and the bytes that come into signals. */
export class Link {
  readonly peer: Peer
  readonly hidden: boolean
  /** Whether both sides are visible nodes in OTP's sense, which speak `global`. */
  readonly published: boolean
  /** Whether both sides are Tiebeam nodes, and say so. */
  readonly tiebeam: boolean
  readonly #socket: Socket
  readonly #init: LinkInit
  readonly #frames: FrameReader
  readonly #reader: MessageReader
  readonly #writer: MessageWriter
  readonly #output = new OutputScheduler()
  readonly #drainWaiters = new DrainWaiters()
  readonly #limit: OutputLimit
  readonly #flushBytesMax: number
  /** Undefined when the peer is no Tiebeam node. */
  readonly #window: BulkWindow | undefined
  readonly #receipts: Receipts | undefined
  readonly #ticker: Ticker
  readonly #stall: StallWatch
  readonly #timer: NodeJS.Timeout
  readonly #awake: Awake
  readonly #since = new Date()
  #encoder: Encoder
  #flushScheduled = false
  #pumpScheduled = false
  #closed: DistributionError | undefined
  #progress = 0
  #messagesIn = 0
  #messagesOut = 0

  constructor(init: LinkInit) {
    this.#init = init
    this.peer = init.peer
    this.hidden = init.hidden
    this.published = hasFlag(init.peer.negotiated, 'PUBLISHED')
    this.tiebeam = hasFlag(init.peer.negotiated, 'TIEBEAM')
    this.#socket = init.socket
    this.#frames = init.frames
    const { limits } = init
    this.#frames.lengthBytes = 4
    this.#frames.frameBytesMax = limits.frameBytesMax
    this.#awake = new Awake(limits.busyWaitMs)
    this.#reader = new MessageReader({
      decoder: init.decoder,
      exactNames: init.exactNames,
      messageBytesMax: limits.messageBytesMax,
    })
    this.#writer = new MessageWriter({ flags: init.peer.negotiated })
    this.#limit = new OutputLimit(limits.outputBytesMax)
    this.#flushBytesMax = limits.flushBytesMax
    this.#encoder = this.#newEncoder()
    if (this.tiebeam) {
      this.#window = new BulkWindow(BULK_WINDOW_BYTES)
      this.#receipts = new Receipts(RECEIPT_BYTES)
    }
    const periodMs = Math.min(tickPeriodMs(limits.netTickTimeMs), Math.max(1, limits.stallMs / 4))
    const nowMs = performance.now()
    this.#ticker = new Ticker({ netTickTimeMs: limits.netTickTimeMs, patient: this.published, nowMs })
    this.#stall = new StallWatch({ stallMs: limits.stallMs, periodMs, nowMs })
    this.#timer = setInterval(() => this.#check(), periodMs)
    const socket = this.#socket
    socket.setKeepAlive(true)
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    socket.on('error', (cause) => this.#closedBy(`The connection to ${this.peer.name} broke: ${cause.message}.`, cause))
    socket.on('end', () => this.#closedBy(`${this.peer.name} closed the connection.`))
    socket.on('close', () => this.#closedBy(`The connection to ${this.peer.name} is closed.`))
  }

  /** Bytes that wait to be sent. */
  get queuedBytes(): number {
    return this.#encoder.offset + this.#output.bytes + this.#socket.writableLength
  }

  get receivedBytes(): number {
    return this.#socket.bytesRead
  }

  get stats(): LinkStats {
    return {
      name: this.peer.name,
      hidden: this.hidden,
      since: this.#since,
      bytesIn: this.receivedBytes,
      bytesOut: this.#socket.bytesWritten,
      messagesIn: this.#messagesIn,
      messagesOut: this.#messagesOut,
      queuedBytes: this.queuedBytes,
    }
  }

  /** Takes a message. @throws DistributionError `OUTPUT_FULL`, `MESSAGE_TOO_LARGE`; EncodeError */
  message(sender: Pid, signal: Signal): void {
    this.#write(sender, signal, true)
  }

  /** Takes another signal. A reason that has no term, or is too long to be sent, is replaced by its description. */
  signal(sender: Pid, signal: Signal): void {
    try {
      this.#write(sender, signal, false)
    } catch (error) {
      const tooLarge = error instanceof DistributionError && error.code === 'MESSAGE_TOO_LARGE'
      if (!(error instanceof EncodeError) && !tooLarge) throw error
      this.signal(sender, withTermlessReason(signal, error))
    }
    if (this.queuedBytes > this.#limit.bytesMax + this.#init.limits.messageBytesMax + SIGNALS_BYTES_MAX) {
      const text = `${this.peer.name} keeps asking for answers and does not read them: ${this.queuedBytes} bytes wait.`
      this.#abandon(new DistributionError('PEER_STALLED', text))
    }
  }

  /** Resolves when little is left to be sent, and a message that was refused last would be taken. */
  drained(): Promise<void> {
    return this.#until(() => this.#isDrained())
  }

  /** Resolves when the system has taken all. */
  flushed(): Promise<void> {
    return this.#until(() => this.queuedBytes === 0)
  }

  #until(isMet: () => boolean): Promise<void> {
    if (isMet()) return Promise.resolve()
    if (this.#closed !== undefined) return Promise.reject(this.#closed)
    return this.#drainWaiters.wait(isMet)
  }

  /** Takes one frame from the peer, without its length. */
  frame(bytes: Buffer, start: number, end: number, owned: boolean): void {
    if (this.#closed !== undefined) return
    if (this.#receipts !== undefined) this.#acknowledge(end - start + FRAME_LENGTH_BYTES)
    if (start === end) return
    const signal = this.#reader.read(bytes, start, end, owned)
    if (signal === undefined) return
    if (this.#window !== undefined && isReceipt(signal)) {
      this.#window.received(signal.message)
      this.#progress++
      this.#pump(TURN_BYTES_MAX)
      return
    }
    this.#messagesIn++
    this.#init.onSignal(signal)
  }

  #acknowledge(bytes: number): void {
    const message = this.#receipts?.read(bytes)
    if (message !== undefined)
      this.signal(this.#init.pid, { type: 'sendName', from: this.#init.pid, name: RECEIPT_NAME, message })
  }

  /** Writes what waits, as far as the socket takes it, then closes. */
  close(reason: DistributionError): void {
    if (this.#closed !== undefined) return
    if (this.#encoder.offset > 0) this.#flush()
    this.#end(reason)
    this.#socket.destroySoon()
    // A peer that does not read would keep the rest waiting for ever.
    setTimeout(() => this.#socket.destroy(), 1_000).unref()
  }

  #write(sender: Pid, signal: Signal, refusable: boolean): void {
    if (this.#closed !== undefined) return
    const encoder = this.#encoder
    const start = encoder.offset
    const payloadAt = this.#encode(encoder, signal)
    const end = encoder.offset
    const bytes = end + encoder.sharedBytes - start
    const bulk = bytes >= BULK_BYTES || payloadAt !== 0
    if (refusable && !this.#limit.takes(bytes, bulk, this.#waiting(start))) this.#refuse(start, bytes)
    this.#messagesOut++
    if (bulk) this.#enqueue(sender, signal, start, payloadAt)
    else if (this.#output.hasBulk && !isReceipt(signal) && this.#output.mustWait(sender.key, receiverOf(signal))) {
      this.#enqueue(sender, signal, start, 0)
    } else if (end >= this.#flushBytesMax) {
      this.#flush()
      return
    }
    if (this.#flushScheduled) return
    this.#flushScheduled = true
    afterMicrotasks(this.#flushNow)
  }

  readonly #flushNow = (): void => {
    this.#flushScheduled = false
    if (this.#closed === undefined) this.#flush()
  }

  #enqueue(sender: Pid, signal: Signal, start: number, payloadAt: number): void {
    const [written, ...rest] = this.#encoder.takeParts() as [Buffer, ...Buffer[]]
    if (start > 0) this.#output.pushExpress(written.subarray(0, start))
    const frame = [written.subarray(start), ...rest]
    const bytes = frame.reduce((sum, part) => sum + part.length, 0)
    const cut = payloadAt !== 0 && bytes > WHOLE_BYTES
    const item = cut ? new FragmentedMessage(this.#writer, frame, payloadAt) : new WholeFrame(frame)
    this.#output.push({ sender: sender.key, receiver: receiverOf(signal) }, item)
    // A large message leaves a large remainder of its memory, which small ones would hold for long.
    if (bytes > ENCODER_BYTES && rest.length === 0) this.#encoder = this.#newEncoder()
  }

  #encode(encoder: Encoder, signal: Signal): number {
    try {
      return this.#writer.write(encoder, signal)
    } catch (error) {
      throw isTooLarge(error) ? messageTooLarge(this.#init.limits.messageBytesMax, error) : error
    }
  }

  #refuse(start: number, bytes: number): never {
    this.#encoder.offset = start
    throw new DistributionError(
      'OUTPUT_FULL',
      `${this.queuedBytes} bytes wait to be sent to ${this.peer.name}; ${bytes} more would exceed outputBytesMax ` +
        `(${this.#limit.bytesMax}). Await drained(), or send less.`,
    )
  }

  #flush(): void {
    if (this.#encoder.offset > 0) this.#output.pushExpress(this.#encoder.take())
    this.#pump(TURN_BYTES_MAX)
  }

  /** Gives the socket what is next, as long as it has little. What it is given at once leaves in one system call. */
  #pump(turnBytes: number): void {
    const socket = this.#socket
    let left = turnBytes
    while (socket.writableLength < SOCKET_BYTES_MAX && this.#closed === undefined) {
      if (left <= 0) {
        this.#pumpLater()
        return
      }
      const batch = this.#nextBatch()
      if (batch.length === 0) return
      left -= this.#writeBatch(batch)
    }
  }

  #pumpLater(): void {
    if (this.#pumpScheduled) return
    this.#pumpScheduled = true
    setImmediate(() => {
      this.#pumpScheduled = false
      this.#pump(TURN_BYTES_MAX)
    })
  }

  #nextBatch(): Buffer[] {
    const batch: Buffer[] = []
    let bytes = 0
    while (bytes < BATCH_BYTES) {
      const piece = this.#output.next(this.#window?.isOpen ?? true)
      if (piece === undefined) break
      let pieceBytes = 0
      for (const part of piece) pieceBytes += part.length
      batch.push(...piece)
      bytes += pieceBytes
      // Bulk is one frame a piece; the first of several small ones is small.
      this.#window?.sent(FRAME_LENGTH_BYTES + (piece[0] as Buffer).readUInt32BE(0))
    }
    return batch
  }

  #writeBatch(batch: readonly Buffer[]): number {
    const socket = this.#socket
    const last = batch.length - 1
    if (last > 0) socket.cork()
    let bytes = 0
    for (let index = 0; index <= last; index++) {
      const part = batch[index] as Buffer
      bytes += part.length
      if (index === last) socket.write(part, this.#onWritten)
      else socket.write(part)
    }
    if (last > 0) socket.uncork()
    return bytes
  }

  readonly #onWritten = (): void => {
    this.#progress++
    if (this.#closed !== undefined) return
    if (this.#output.bytes > 0) this.#pump(TURN_BYTES_MAX)
    this.#drainWaiters.left(() => {
      if (this.#isDrained()) this.#limit.drained()
    })
  }

  #waiting(encodedBytes: number): WaitingOutput {
    const { bytes, bulkBytes } = this.#output
    return { bulkBytes, otherBytes: encodedBytes + bytes - bulkBytes + this.#socket.writableLength }
  }

  #isDrained(): boolean {
    return this.#limit.isDrained(this.#waiting(this.#encoder.offset))
  }

  #receive(chunk: Buffer): void {
    this.#awake.arrived()
    try {
      this.#frames.push(chunk, this.#onFrame)
    } catch (error) {
      this.close(
        error instanceof DistributionError
          ? error
          : new DistributionError('MESSAGE_MALFORMED', `What ${this.peer.name} sent could not be handled.`, {
              cause: error,
            }),
      )
    }
  }

  readonly #onFrame = (bytes: Buffer, start: number, end: number, owned: boolean): void =>
    this.frame(bytes, start, end, owned)

  #check(): void {
    const nowMs = performance.now()
    const { bytesRead, bytesWritten, writableLength } = this.#socket
    const decision = this.#ticker.check({ nowMs, receivedBytes: bytesRead, writtenBytes: bytesWritten })
    if (decision === 'drop') {
      const text = `${this.peer.name} was silent for ${this.#init.limits.netTickTimeMs} ms (netTickTimeMs).`
      this.#abandon(new DistributionError('TICK_TIMEOUT', text))
    } else if (this.#stall.check(nowMs, this.queuedBytes, this.#progress)) {
      const text = `${this.peer.name} accepted nothing for ${this.#init.limits.stallMs} ms (stallMs), with ${this.queuedBytes} bytes waiting.`
      this.#abandon(new DistributionError('PEER_STALLED', text))
    } else if (decision === 'tick' && writableLength === 0) {
      this.#socket.write(TICK)
    }
  }

  #abandon(reason: DistributionError): void {
    this.#end(reason)
    this.#socket.destroy()
  }

  #closedBy(text: string, cause?: unknown): void {
    if (this.#closed !== undefined) return
    this.#abandon(new DistributionError('CONNECTION_CLOSED', text, { cause }))
  }

  #end(reason: DistributionError): void {
    if (this.#closed !== undefined) return
    this.#closed = reason
    clearInterval(this.#timer)
    this.#drainWaiters.reject(reason)
    this.#init.onClosed(reason)
  }

  #newEncoder(): Encoder {
    const encoder = new Encoder({
      initialBytes: ENCODER_BYTES,
      sizeBytesMax: this.#limit.bytesMax + this.#init.limits.messageBytesMax,
    })
    encoder.shareBytesMin = BULK_BYTES
    return encoder
  }
}
