import { EventEmitter } from 'node:events'
import type { ClusterNode, ConnectOptions, NodeDown, NodeUp } from '../src/node.ts'

interface Events {
  nodeup: [NodeUp]
  nodedown: [NodeDown]
}

interface Attempt {
  readonly name: string
  readonly options: ConnectOptions
  succeed(): void
  fail(code: string): void
}

/** A node without a network: the test decides how each attempt ends. */
export class FakeNode implements ClusterNode {
  readonly name: string
  readonly #events = new EventEmitter<Events>()
  readonly #links = new Set<string>()
  /** Attempts that have not ended. */
  readonly attempts = new Map<string, Attempt>()
  /** Names in the order in which they were dialled. */
  readonly dialled: string[] = []
  readonly disconnected: string[] = []
  readonly drain = { begin: async () => {} }
  /** Ends attempts as they begin: undefined connects, a code fails; null leaves them open. */
  answer: (name: string) => string | undefined | null = () => null

  constructor(name: string) {
    this.name = name
  }

  nodes(): string[] {
    return [...this.#links]
  }

  connect(name: string, options: ConnectOptions = {}): Promise<void> {
    if (this.attempts.has(name)) throw new Error(`a second attempt at ${name}`)
    this.dialled.push(name)
    return new Promise((resolve, reject) => {
      const fail = (code: string): void => {
        this.attempts.delete(name)
        reject(Object.assign(new Error(`${name}: ${code}`), { code }))
      }
      const succeed = (): void => {
        this.attempts.delete(name)
        this.up(name)
        resolve()
      }
      options.signal?.addEventListener('abort', () => fail('ABORTED'), { once: true })
      this.attempts.set(name, { name, options, succeed, fail })
      const answer = this.answer(name)
      if (answer === undefined) succeed()
      else if (answer !== null) fail(answer)
    })
  }

  disconnect(name: string): Promise<boolean> {
    this.disconnected.push(name)
    return Promise.resolve(this.down(name))
  }

  stop(_options: { readonly timeoutMs: number }): Promise<void> {
    return Promise.resolve()
  }

  up(name: string): void {
    if (this.#links.has(name)) return
    this.#links.add(name)
    this.#events.emit('nodeup', { name })
  }

  down(name: string): boolean {
    const known = this.#links.delete(name)
    if (known) this.#events.emit('nodedown', { name, reason: 'lost' })
    return known
  }

  listenerCount(): number {
    return this.#events.listenerCount('nodeup') + this.#events.listenerCount('nodedown')
  }

  on<K extends keyof Events>(event: K, listener: (...args: Events[K]) => void): this {
    this.#events.on(event, listener as never)
    return this
  }

  off<K extends keyof Events>(event: K, listener: (...args: Events[K]) => void): this {
    this.#events.off(event, listener as never)
    return this
  }
}
