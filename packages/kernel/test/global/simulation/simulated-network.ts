import type { Random } from '@tiebeam/testing'

/** What a node learns of its connections. */
export interface Endpoint {
  readonly name: string
  up(peer: string): void
  down(peer: string): void
}

interface Channel {
  readonly from: string
  readonly to: string
  /** In the order in which they were sent. */
  readonly deliveries: (() => void)[]
}

interface Timer {
  readonly atMs: number
  readonly fire: () => void
}

/**
 * Connections and timers of simulated nodes. Whatever is sent over a connection arrives in order, or not at all; between connections, and
 * with timers, the order is random. Time goes on only when nothing else is left to happen.
 */
export class SimulatedNetwork {
  readonly random: Random
  readonly #endpoints = new Map<string, Endpoint>()
  /** By "from>to"; one for each direction of each connection that is up on the side that sends. */
  readonly #channels = new Map<string, Channel>()
  #timers: Timer[] = []
  #nowMs = 0
  /** Pairs that cannot reach each other, as "a>b" with a < b. */
  readonly #cuts = new Set<string>()

  constructor(random: Random) {
    this.random = random
  }

  add(endpoint: Endpoint): void {
    this.#endpoints.set(endpoint.name, endpoint)
  }

  isConnected(from: string, to: string): boolean {
    return this.#channels.has(`${from}>${to}`)
  }

  /** Whether there is a connection now. The other side learns of it later. */
  connect(from: string, to: string): boolean {
    if (this.isConnected(from, to)) return true
    if (from === to || this.#cuts.has(pairOf(from, to))) return false
    // The other side learns first that an older connection has ended; and a connection that it has begun is as good as one of ours.
    const closing = this.#channels.get(`${from}>${to}!`)
    while (closing?.deliveries.length) closing.deliveries.shift()?.()
    this.#channels.get(`${to}>${from}`)?.deliveries.shift()?.()
    if (this.isConnected(from, to)) return true
    this.#open(from, to)
    this.send(from, to, () => {
      this.#open(to, from)
      this.#endpoints.get(to)?.up(from)
    })
    this.#endpoints.get(from)?.up(to)
    return true
  }

  send(from: string, to: string, deliver: () => void): void {
    this.#channels.get(`${from}>${to}`)?.deliveries.push(deliver)
  }

  /** This side closes: nothing comes any more, and the other side gets some of what is under way. */
  disconnect(from: string, to: string): boolean {
    const out = this.#channels.get(`${from}>${to}`)
    if (out === undefined) return false
    this.#channels.delete(`${from}>${to}`)
    // If the other side has closed, too, this side need not be told.
    this.#channels.delete(`${to}>${from}!`)
    const back = this.#channels.get(`${to}>${from}`)
    if (back !== undefined) back.deliveries.length = 0
    // Not even the beginning of the connection has arrived: then neither does its end.
    const kept = out.deliveries.slice(0, back === undefined ? 0 : this.random.integer(out.deliveries.length + 1))
    if (back !== undefined) {
      const closing: Channel = { from, to, deliveries: kept }
      kept.push(() => {
        this.#channels.delete(`${from}>${to}!`)
        this.#channels.delete(`${to}>${from}`)
        this.#endpoints.get(to)?.down(from)
      })
      this.#channels.set(`${from}>${to}!`, closing)
    }
    this.#endpoints.get(from)?.down(to)
    return true
  }

  /** No connection can be made between them; one that is there is closed by one of them. */
  cut(a: string, b: string): void {
    this.#cuts.add(pairOf(a, b))
    const [first, second] = this.random.chance(0.5) ? [a, b] : [b, a]
    if (!this.disconnect(first, second)) this.disconnect(second, first)
  }

  heal(): void {
    this.#cuts.clear()
  }

  after(delayMs: number, fire: () => void): () => void {
    // No two clocks are the same: in step, two lockers could get into each other's way for ever.
    const timer: Timer = { atMs: this.#nowMs + delayMs * (1 + 0.1 * this.random.next()), fire }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer)
    }
  }

  /** One thing happens. False when nothing is left to happen. */
  step(): boolean {
    const waiting = [...this.#channels.values()].filter(({ deliveries }) => deliveries.length > 0)
    if (waiting.length > 0) {
      this.random.pick(waiting).deliveries.shift()?.()
      return true
    }
    const [first] = [...this.#timers].sort((a, b) => a.atMs - b.atMs)
    if (first === undefined) return false
    this.#timers = this.#timers.filter((timer) => timer !== first)
    this.#nowMs = Math.max(this.#nowMs, first.atMs)
    first.fire()
    return true
  }

  #open(from: string, to: string): void {
    this.#channels.set(`${from}>${to}`, { from, to, deliveries: [] })
  }
}

function pairOf(a: string, b: string): string {
  return a < b ? `${a}>${b}` : `${b}>${a}`
}
