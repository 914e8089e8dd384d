import { ClusterError } from '../errors.ts'
import type { Topology } from '../topology.ts'
import { bounded } from './bounded.ts'

/** What hooks of libcluster say when they have not connected: the node is not there, or the own one is not distributed. */
const NOT_CONNECTED: readonly unknown[] = [false, 'ignored']

/** Runs the hooks of one topology: none of them can hang, or throw otherwise than by rejecting. */
export class TopologyHooks {
  readonly name: string
  readonly #topology: Topology
  readonly #hookMs: number
  readonly #signal: AbortSignal

  constructor(name: string, topology: Topology, hookMs: number, signal: AbortSignal) {
    this.name = name
    this.#topology = topology
    this.#hookMs = hookMs
    this.#signal = signal
  }

  has(hook: 'connect' | 'disconnect' | 'listNodes'): boolean {
    return this.#topology[hook] !== undefined
  }

  async connect(peer: string, options: { readonly signal: AbortSignal; readonly redialMs: number }): Promise<void> {
    const { redialMs, signal } = options
    const said = await this.#run(
      'connect',
      (ended) => this.#topology.connect?.(peer, { signal: ended, redialMs }),
      signal,
    )
    if (NOT_CONNECTED.includes(said)) throw this.#failed('connect', `says ${String(said)} of ${peer}`)
  }

  async disconnect(peer: string): Promise<void> {
    await this.#run('disconnect', () => this.#topology.disconnect?.(peer))
  }

  async listNodes(): Promise<ReadonlySet<string>> {
    const nodes = await this.#run('listNodes', () => this.#topology.listNodes?.())
    if (!Array.isArray(nodes)) throw this.#failed('listNodes', 'gave no list of names')
    return new Set(nodes)
  }

  async #run<T>(hook: string, run: (signal: AbortSignal) => T, signal = this.#signal): Promise<Awaited<T>> {
    const timeoutError = (): Error => this.#failed(hook, `did not end within ${this.#hookMs} ms (hookMs)`)
    return await bounded<Awaited<T>>(run as never, { timeoutMs: this.#hookMs, timeoutError, signal })
  }

  #failed(hook: string, why: string): ClusterError {
    return new ClusterError('HOOK_FAILED', `The hook ${hook} of the topology ${this.name} ${why}.`)
  }
}
