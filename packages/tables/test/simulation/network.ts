import type { Random } from '@tiebeam/testing'
import type { EventQueue } from './event-queue.ts'

interface Link {
  cutUntilMs: number
  slowUntilMs: number
  lossyUntilMs: number
  deliveredMs: number
}

/** One-way links between nodes: in order on each unless told otherwise, without order between them; cut, slow or lossy for a while. */
export class SimulatedNetwork {
  readonly #queue: EventQueue
  readonly #random: Random
  readonly #links = new Map<string, Link>()
  /** How long a message may take over a slow link. */
  readonly #slowMs: number
  /** Whether messages of one link overtake each other, and some come twice: more than a connection does. */
  readonly #isDisorderly: boolean

  constructor(queue: EventQueue, random: Random, slowMs: number, isDisorderly: boolean) {
    this.#isDisorderly = isDisorderly
    this.#queue = queue
    this.#random = random
    this.#slowMs = slowMs
  }

  carry(from: string, to: string, deliver: () => void): void {
    this.#carry(from, to, deliver)
    if (this.#isDisorderly && this.#random.chance(0.1)) this.#carry(from, to, deliver)
  }

  #carry(from: string, to: string, deliver: () => void): void {
    const link = this.#link(from, to)
    const { nowMs } = this.#queue
    if (nowMs < link.cutUntilMs || (nowMs < link.lossyUntilMs && this.#random.chance(0.3))) return
    const delayMs = nowMs < link.slowUntilMs ? this.#random.integer(1, this.#slowMs) : this.#random.integer(1, 6)
    link.deliveredMs = this.#isDisorderly ? nowMs + delayMs : Math.max(link.deliveredMs, nowMs + delayMs)
    this.#queue.at(link.deliveredMs, () => {
      if (this.#queue.nowMs >= link.cutUntilMs) deliver()
    })
  }

  cut(from: string, to: string, forMs: number): void {
    this.#link(from, to).cutUntilMs = this.#queue.nowMs + forMs
  }

  cutBothWays(one: string, other: string, forMs: number): void {
    this.cut(one, other, forMs)
    this.cut(other, one, forMs)
  }

  slow(from: string, to: string, forMs: number): void {
    this.#link(from, to).slowUntilMs = this.#queue.nowMs + forMs
  }

  lose(from: string, to: string, forMs: number): void {
    this.#link(from, to).lossyUntilMs = this.#queue.nowMs + forMs
  }

  heal(): void {
    for (const link of this.#links.values()) {
      link.cutUntilMs = 0
      link.slowUntilMs = 0
      link.lossyUntilMs = 0
    }
  }

  #link(from: string, to: string): Link {
    const name = `${from}>${to}`
    const known = this.#links.get(name)
    if (known !== undefined) return known
    const link = { cutUntilMs: 0, slowUntilMs: 0, lossyUntilMs: 0, deliveredMs: 0 }
    this.#links.set(name, link)
    return link
  }
}
