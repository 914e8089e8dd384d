import type { Logger } from '@tiebeam/distribution'
import { messageOf } from '../errors.ts'
import type { TopologyHooks } from './topology-hooks.ts'

export interface NodeListsInit {
  /** Of the topologies that have a `listNodes`. */
  readonly hooks: readonly TopologyHooks[]
  readonly intervalMs: number
  readonly logger: Logger
  readonly onNodes: (topology: string, nodes: ReadonlySet<string>) => void
}

/** Asks the `listNodes` of topologies who is connected: now and then, and when something has changed. One question to each at a time. */
export class NodeLists {
  readonly #init: NodeListsInit
  readonly #hooks: ReadonlyMap<string, TopologyHooks>
  /** Whether to ask once more when the answer is there, by topology; not in it while none is asked. */
  readonly #asking = new Map<string, boolean>()
  /** Topologies whose hook failed the last time: that is told once. */
  readonly #failing = new Set<string>()
  #timer: NodeJS.Timeout | undefined
  #stopped = false

  constructor(init: NodeListsInit) {
    this.#init = init
    this.#hooks = new Map(init.hooks.map((hooks) => [hooks.name, hooks]))
  }

  start(): void {
    if (this.#hooks.size === 0) return
    this.#timer = setInterval(() => {
      for (const topology of this.#hooks.keys()) this.ask(topology)
    }, this.#init.intervalMs)
  }

  stop(): void {
    this.#stopped = true
    clearInterval(this.#timer)
  }

  /** Does nothing for a topology without the hook. */
  ask(topology: string): void {
    const hooks = this.#hooks.get(topology)
    if (hooks === undefined || this.#stopped) return
    if (this.#asking.has(topology)) {
      this.#asking.set(topology, true)
      return
    }
    this.#asking.set(topology, false)
    hooks.listNodes().then(
      (nodes) => this.#answered(topology, nodes),
      (error: unknown) => this.#failed(topology, error),
    )
  }

  #answered(topology: string, nodes: ReadonlySet<string>): void {
    if (this.#stopped) return
    if (this.#failing.delete(topology))
      this.#init.logger.info({ topology }, `Topology ${topology}: listNodes works again.`)
    this.#init.onNodes(topology, nodes)
    this.#ended(topology)
  }

  #failed(topology: string, error: unknown): void {
    if (this.#stopped) return
    if (!this.#failing.has(topology)) {
      const text = `Topology ${topology}: listNodes fails; what it said last stays. ${messageOf(error)}`
      this.#init.logger.warn({ topology, err: error }, text)
    }
    this.#failing.add(topology)
    this.#ended(topology)
  }

  #ended(topology: string): void {
    const again = this.#asking.get(topology) === true
    this.#asking.delete(topology)
    if (again) this.ask(topology)
  }
}
