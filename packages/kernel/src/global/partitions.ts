import { equals, keyOf } from '@tiebeam/distribution'
import type { Emit } from './effects.ts'
import type { KnownNodes } from './known-nodes.ts'
import type { LostConnection } from './read-messages.ts'
import { VERSION_OF_LOST_CONNECTIONS } from './vocabulary.ts'
import * as write from './write-messages.ts'

/** Reports that are remembered, so that each is passed on once. OTP remembers each for an hour. */
const REPORTS_MAX = 10_000

export interface PartitionsInit {
  readonly own: string
  /** Tells this life of the node's reports from those of earlier ones. */
  readonly life: bigint
  readonly emit: Emit
  readonly nodes: KnownNodes
  /** All that is shared with the node is forgotten, and its connection will end. */
  readonly remove: (node: string) => void
}

/**
 * Keeps partitions from overlapping: "Prevent Overlapping Partitions Algorithm" at the head of OTP's `global`. A node that loses a
 * connection tells all others, each of which passes it on once, and drops the lost node: either all nodes of a partition are connected
 * to it, or none is.
 */
export class Partitions {
  readonly #init: PartitionsInit
  /** The last report of each pair of reporter and lost node, the least recently heard of first. */
  readonly #reports = new Map<string, LostConnection>()
  #lastNumber = 0

  constructor(init: PartitionsInit) {
    this.#init = init
  }

  /** Our own connection to this node is lost. */
  lost(node: string): void {
    const { own, life } = this.#init
    this.#lastNumber++
    this.#multicast(write.lostConnection(own, life, this.#lastNumber, node), node)
  }

  /** Another node reports, or passes on, that a connection is lost. */
  reported(report: LostConnection): void {
    const { own, nodes, emit, remove } = this.#init
    const key = keyOf([report.reporter, report.lost])
    const last = this.#reports.get(key)
    if (last !== undefined && equals(last.life, report.life) && report.number <= last.number) return
    // To all, in case the reporter could not reach them.
    this.#multicast(report.term, report.reporter)
    this.#remember(key, report)
    // All others will drop us, if it is us that are lost; so only the connection to the reporter is left, which reports that it is gone.
    const node = report.lost === own ? report.reporter : report.lost
    if (!nodes.isKnown(node) && !nodes.isPending(node)) return
    if (nodes.version(node) < VERSION_OF_LOST_CONNECTIONS) emit({ type: 'disconnect', node })
    else emit({ type: 'tell', node, message: write.removeConnection(own) })
    this.#log(node, 'global: asked a node to disconnect, to prevent overlapping partitions')
    remove(node)
  }

  /** Another node does so, and asks us to disconnect. */
  removeConnection(node: string): void {
    const { nodes, emit, remove } = this.#init
    if (!nodes.isKnown(node) && !nodes.isPending(node)) return
    emit({ type: 'disconnect', node })
    remove(node)
    this.#log(node, 'global: disconnected a node, to prevent overlapping partitions')
  }

  #multicast(message: unknown, except: string): void {
    for (const { node, version } of this.#init.nodes.potentiallyKnown()) {
      if (node === except || version < VERSION_OF_LOST_CONNECTIONS) continue
      this.#init.emit({ type: 'tell', node, message })
    }
  }

  #remember(key: string, report: LostConnection): void {
    this.#reports.delete(key)
    this.#reports.set(key, report)
    if (this.#reports.size <= REPORTS_MAX) return
    const [oldest] = this.#reports.keys()
    if (oldest !== undefined) this.#reports.delete(oldest)
  }

  #log(peer: string, text: string): void {
    this.#init.emit({ type: 'log', level: 'warn', about: { peer }, text })
  }
}
