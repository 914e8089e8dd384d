import type { Random } from '@tiebeam/testing'
import type { SimulatedClock } from './clock.ts'
import { SimulatedNode } from './node.ts'

export type DnsMode = 'answers' | 'fails' | 'hangs' | 'stale'

/** How long an attempt tries before it fails, when nothing answers. */
const SETUP_MS = 2000
/** The limit of a look-up. */
const LOOKUP_MS = 2000

/** A network of simulated nodes with one DNS name, with all that can go wrong in it. */
export class SimulatedNetwork {
  readonly clock: SimulatedClock
  readonly random: Random
  /** By name; a dead one stays until another takes its address. */
  readonly nodes = new Map<string, SimulatedNode>()
  /** Group of each name while the network is cut; names of one group reach each other. */
  #groups: Map<string, number> | undefined
  records: string[] = []
  dns: DnsMode = 'answers'
  #staleRecords: string[] = []

  constructor(clock: SimulatedClock, random: Random) {
    this.clock = clock
    this.random = random
  }

  get alive(): SimulatedNode[] {
    return [...this.nodes.values()].filter((node) => node.alive)
  }

  start(name: string): SimulatedNode {
    const node = new SimulatedNode(name, this)
    this.nodes.set(name, node)
    if (!this.records.includes(name)) this.records = [...this.records, name]
    node.start()
    return node
  }

  /** With `silent`, peers learn of it only when their ticks fail; else their kernel tells them. */
  kill(node: SimulatedNode, init: { silent: boolean; unlist: boolean }): void {
    node.alive = false
    if (init.unlist) this.records = this.records.filter((name) => name !== node.name)
    for (const peer of this.alive) {
      const generation = peer.links.get(node.name)
      if (generation === undefined) continue
      const delayMs = init.silent ? 500 + this.random.integer(4000) : 1 + this.random.integer(20)
      this.clock.after(delayMs, () => peer.lose(node.name, generation))
    }
    node.links.clear()
  }

  /** Links over the cut fail at each side on their own, some time later, if the cut lasts so long; or never. */
  cut(groups: Map<string, number>): void {
    this.#groups = groups
    for (const node of this.alive) {
      for (const [name, generation] of node.links) {
        if (this.reaches(node.name, name)) continue
        this.clock.after(300 + this.random.integer(5000), () => {
          if (!this.reaches(node.name, name)) node.lose(name, generation)
        })
      }
    }
  }

  heal(): void {
    this.#groups = undefined
  }

  reaches(from: string, to: string): boolean {
    if (this.#groups === undefined) return true
    return this.#groups.get(from) === this.#groups.get(to)
  }

  setDns(mode: DnsMode): void {
    if (mode === 'stale') this.#staleRecords = this.records
    this.dns = mode
  }

  lookUp(found: (names: readonly string[]) => void, failed: (error: Error) => void): void {
    const answerMs = 1 + this.random.integer(15)
    const mode = this.dns
    if (mode === 'hangs') this.clock.after(LOOKUP_MS, () => failed(new Error('ETIMEOUT')))
    else if (mode === 'fails') this.clock.after(answerMs, () => failed(new Error('ESERVFAIL')))
    else {
      const names = this.random.shuffle(mode === 'stale' ? this.#staleRecords : this.records)
      this.clock.after(answerMs, () => found(names))
    }
  }

  /** As `node.connect` does it: a SYN every `redialMs` until one is answered, the set-up ends in time. */
  connect(from: SimulatedNode, to: string, redialMs: number, ended: (error: string | undefined) => void): () => void {
    let over = false
    const end = (error: string | undefined): void => {
      if (over) return
      over = true
      ended(error)
    }
    const syn = (): void => {
      if (over || !from.alive) return
      const peer = this.nodes.get(to)
      if (peer === undefined || !this.reaches(from.name, to)) {
        this.clock.after(redialMs, syn)
        return
      }
      this.clock.after(1 + this.random.integer(10), () => {
        if (over || !from.alive) return
        if (from.links.has(to)) end(undefined)
        else if (!this.reaches(from.name, to)) this.clock.after(redialMs, syn)
        else if (!peer.alive) end('CONNECT_REFUSED')
        else if (peer.cookie !== from.cookie) end('COOKIE_MISMATCH')
        else {
          // The acceptor may still hold the link that the dialler has lost: it is replaced.
          peer.accept(from.name)
          from.accept(to)
          end(undefined)
        }
      })
    }
    syn()
    this.clock.after(SETUP_MS, () => end('CONNECT_TIMEOUT'))
    return () => this.clock.after(0, () => end('ABORTED'))
  }

  /** Whether every node that is alive and listed has a link with every other. */
  isWhole(): boolean {
    const members = this.alive.filter((node) => this.records.includes(node.name))
    return members.every((node) => members.every((peer) => peer === node || node.links.has(peer.name)))
  }
}
