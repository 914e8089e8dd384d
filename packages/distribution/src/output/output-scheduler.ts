/** Bytes to be written one right after the other. */
export type Piece = readonly Buffer[]

/** A frame, or a message that leaves as several frames. */
export interface Item {
  /** Bytes that have not been taken, roughly: headers of fragments do not count. */
  readonly bytes: number
  /** The next part that must not be torn apart; undefined when there is none left. */
  next(): Piece | undefined
}

/** Whose signal an item is; signals of one pair leave in the order in which they came. */
export interface Pair {
  /** Key of the sending process. */
  readonly sender: string
  /** Key of the receiving process; undefined when it was addressed in another way, by name or alias: it may be any. */
  readonly receiver: string | undefined
}

interface Lane {
  readonly receiver: string | undefined
  readonly items: Item[]
}

interface Held {
  readonly receiver: string | undefined
  readonly item: Item
}

/** What one sender has waiting. */
interface Sender {
  readonly lanes: Lane[]
  /** What must not leave before all lanes of this sender are empty, in order. */
  held: Held[]
}

interface Turn {
  readonly key: string
  readonly sender: Sender
  readonly lane: Lane
}

/** After so many bytes of small frames one piece of bulk goes out, so that bulk does not starve. */
const EXPRESS_BYTES_PER_TURN = 256 * 1024

/**
 * Decides what leaves next over one link. Small frames go before bulk (large messages and what must stay behind them); bulk of
 * different pairs of sender and receiver takes turns, piece by piece. So a small message waits for what the socket has been given
 * already and for no more, as long as its own pair has no bulk under way.
 *
 * A pure data structure: bytes in, pieces out.
 */
export class OutputScheduler {
  #express: Buffer[] = []
  #expressAt = 0
  #expressBytes = 0
  #expressSinceBulk = 0
  #bulkBytes = 0
  readonly #senders = new Map<string, Sender>()
  /** Lanes that have something, in the order of their turns. */
  #turns: Turn[] = []

  /** Bytes that have not been taken. */
  get bytes(): number {
    return this.#expressBytes + this.#bulkBytes
  }

  /** Those of bulk, and of what must stay behind it. */
  get bulkBytes(): number {
    return this.#bulkBytes
  }

  get hasBulk(): boolean {
    return this.#senders.size > 0
  }

  /** Whether a signal of this pair must go through {@link push}, because an earlier one of the pair has not left. */
  mustWait(sender: string, receiver: string | undefined): boolean {
    const waiting = this.#senders.get(sender)
    if (waiting === undefined) return false
    if (waiting.held.length > 0 || receiver === undefined) return true
    return waiting.lanes.some((lane) => lane.receiver === receiver || lane.receiver === undefined)
  }

  /** Takes whole small frames that wait for nobody. */
  pushExpress(frames: Buffer): void {
    this.#express.push(frames)
    this.#expressBytes += frames.length
  }

  /** Takes bulk, or a small frame that must stay behind the bulk of its pair. */
  push(pair: Pair, item: Item): void {
    this.#bulkBytes += item.bytes
    this.#enqueue(pair, item)
  }

  /** What is to be written next; undefined when all was taken, or only bulk is left and must wait. */
  next(bulkMayGo: boolean): Piece | undefined {
    const hasExpress = this.#expressAt < this.#express.length
    const isBulkDue = bulkMayGo && this.#turns.length > 0
    if (isBulkDue && (!hasExpress || this.#expressSinceBulk >= EXPRESS_BYTES_PER_TURN)) {
      this.#expressSinceBulk = 0
      return this.#nextBulk()
    }
    if (!hasExpress) return undefined
    const frames = this.#express[this.#expressAt++] as Buffer
    if (this.#expressAt === this.#express.length) {
      this.#express = []
      this.#expressAt = 0
    }
    this.#expressBytes -= frames.length
    this.#expressSinceBulk += frames.length
    return [frames]
  }

  #enqueue({ sender: key, receiver }: Pair, item: Item): void {
    let sender = this.#senders.get(key)
    if (sender === undefined) {
      sender = { lanes: [], held: [] }
      this.#senders.set(key, sender)
    }
    const own = sender.lanes.find((lane) => lane.receiver === receiver)
    // By name or alias it may reach the same process as by pid, so the two do not pass each other.
    const crosses = sender.lanes.some((lane) => lane !== own && (receiver === undefined || lane.receiver === undefined))
    if (sender.held.length > 0 || crosses) {
      sender.held.push({ receiver, item })
    } else if (own !== undefined) {
      own.items.push(item)
    } else {
      const lane = { receiver, items: [item] }
      sender.lanes.push(lane)
      this.#turns.push({ key, sender, lane })
    }
  }

  #nextBulk(): Piece | undefined {
    while (this.#turns.length > 0) {
      const turn = this.#turns.shift() as Turn
      const item = turn.lane.items[0] as Item
      const before = item.bytes
      const piece = item.next()
      this.#bulkBytes -= before - item.bytes
      if (item.bytes === 0) turn.lane.items.shift()
      if (turn.lane.items.length > 0) this.#turns.push(turn)
      else this.#laneEmptied(turn.key, turn.sender, turn.lane)
      if (piece !== undefined) return piece
    }
    return undefined
  }

  #laneEmptied(key: string, sender: Sender, lane: Lane): void {
    sender.lanes.splice(sender.lanes.indexOf(lane), 1)
    if (sender.lanes.length > 0) return
    this.#senders.delete(key)
    // In their order; the first that crosses another is held again, and all behind it.
    for (const { receiver, item } of sender.held) this.#enqueue({ sender: key, receiver }, item)
  }
}

/** A frame that leaves as it is. */
export class WholeFrame implements Item {
  #parts: Piece | undefined
  readonly #bytes: number

  constructor(parts: Piece) {
    this.#parts = parts
    this.#bytes = parts.reduce((bytes, part) => bytes + part.length, 0)
  }

  get bytes(): number {
    return this.#parts === undefined ? 0 : this.#bytes
  }

  next(): Piece | undefined {
    const parts = this.#parts
    this.#parts = undefined
    return parts
  }
}
