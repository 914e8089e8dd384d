import { setTimeout as delay } from 'node:timers/promises'
import { DistributionError } from '../../errors.ts'
import { type EpmdNode, epmdNode } from '../codec.ts'
import { EpmdRegistry } from '../registry.ts'
import { type EpmdRegistration, isRefused, lookupNode, loopbackOf, registerNode } from './client.ts'
import { type EpmdServer, serveEpmd } from './server.ts'

export interface EpmdPresenceInit {
  /** What stands before the `@` of the node's name. */
  readonly name: string
  /** Where the node listens. */
  readonly nodePort: number
  /** The IP address of the node, at which its peers look for its EPMD. */
  readonly address: string
  /** Default 4369. */
  readonly epmdPort?: number | undefined
  /** Whether to be EPMD where there is none. Default true. */
  readonly serve?: boolean | undefined
  /** First creation given out when serving: 32 bits at random. */
  readonly creation: number
  /** Between attempts to register again. Default 1,000. */
  readonly retryMs?: number
  readonly onEvent?: (event: EpmdEvent) => void
}

/** For logs. */
export type EpmdEvent =
  | { readonly type: 'registered'; readonly address: string }
  | { readonly type: 'serving'; readonly address: string }
  | { readonly type: 'lost'; readonly address: string }
  | { readonly type: 'retrying'; readonly error: unknown }

const RETRY_MS = 1_000
/** Nodes of one host lose their EPMD at the same moment, and one of them takes over: the others need not wait long. */
const QUICK_RETRY_MS = 50
const QUICK_RETRIES = 20

/**
 * Keeps a node known to the EPMD of its host, or is that EPMD.
 *
 * The node registers at loopback, where erl registers too. When nothing listens there, the node listens there itself, and at its own
 * address, where peers ask for it. When another process serves loopback, the node still serves its own address if that is free, for
 * that other process may listen at its own one only. When the serving process ends, whoever notices first takes its place.
 */
export class EpmdPresence {
  readonly #init: EpmdPresenceInit
  readonly #node: EpmdNode
  readonly #registry: EpmdRegistry
  readonly #loopback: string
  readonly #servers = new Map<string, EpmdServer>()
  readonly #abort = new AbortController()
  #creation = 0
  #registration: EpmdRegistration | undefined
  #keeping: Promise<void> = Promise.resolve()

  /**
   * @throws DistributionError `EPMD_NAME_TAKEN`; `EPMD_UNREACHABLE` when there is no EPMD and this node may not be one, or the one
   * that listens does not answer; `LISTEN_FAILED`
   */
  static async start(init: EpmdPresenceInit): Promise<EpmdPresence> {
    const presence = new EpmdPresence(init)
    try {
      presence.#creation = await presence.#register()
    } catch (error) {
      await presence.stop()
      throw error
    }
    presence.#keeping = presence.#keep()
    return presence
  }

  private constructor(init: EpmdPresenceInit) {
    this.#init = init
    this.#node = epmdNode(init.name, init.nodePort)
    this.#registry = new EpmdRegistry({ creation: init.creation })
    this.#loopback = loopbackOf(init.address)
  }

  /** Given at the first registration. A later EPMD would give another, but a node keeps its creation as long as it lives. */
  get creation(): number {
    return this.#creation
  }

  /** The addresses at which this process is EPMD. */
  get serving(): string[] {
    return [...this.#servers.keys()]
  }

  /** Unregisters, and closes what it served; nodes that were registered here go elsewhere by themselves. */
  async stop(): Promise<void> {
    this.#abort.abort()
    await Promise.all([this.#registration?.close(), this.#keeping])
    const servers = [...this.#servers.values()]
    this.#servers.clear()
    await Promise.all(servers.map((server) => server.close()))
  }

  /** Registers again whenever a registration has ended, until stopped or EPMD itself. */
  async #keep(): Promise<void> {
    while (this.#registration !== undefined && !this.#abort.signal.aborted) {
      await this.#registration.closed
      this.#registration = undefined
      if (this.#abort.signal.aborted) return
      this.#init.onEvent?.({ type: 'lost', address: this.#loopback })
      await this.#registerAgain()
    }
  }

  async #registerAgain(): Promise<void> {
    while (!this.#abort.signal.aborted) {
      try {
        await this.#register()
        return
      } catch (error) {
        if (this.#abort.signal.aborted) return
        this.#init.onEvent?.({ type: 'retrying', error })
        await this.#pause(this.#init.retryMs ?? RETRY_MS)
      }
    }
  }

  /** Gets the node registered once, in one way or the other. */
  async #register(): Promise<number> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#registerThere()
      } catch (error) {
        if (!isRefused(error) || !this.#mayServe || this.#abort.signal.aborted) throw error
      }
      try {
        return await this.#registerHere()
      } catch (error) {
        // Another process became EPMD in this very moment: it can register us.
        if (!isTaken(error) || attempt >= QUICK_RETRIES || this.#abort.signal.aborted) throw error
        await this.#pause(QUICK_RETRY_MS)
      }
    }
  }

  async #registerThere(): Promise<number> {
    const address = this.#loopback
    const registration = await registerNode(this.#node, { address, port: this.#init.epmdPort })
    this.#registration = registration
    if (this.#abort.signal.aborted) await registration.close()
    this.#init.onEvent?.({ type: 'registered', address })
    await this.#serveOwnAddress()
    return registration.creation
  }

  async #registerHere(): Promise<number> {
    const { address } = this.#init
    // Loopback first: erl does not start while 4369 is taken at another address and not there.
    await this.#serve(isWildcard(address) ? address : this.#loopback)
    const creation = this.#addOwn()
    await this.#serveOwnAddress()
    return creation
  }

  /** As far as possible: an EPMD at all addresses has the port there too, and so may another node of the same address. */
  async #serveOwnAddress(): Promise<void> {
    const { address } = this.#init
    if (!this.#mayServe || isWildcard(address) || this.#servers.has(address) || this.#abort.signal.aborted) return
    if (address === this.#loopback) return
    this.#addOwn()
    try {
      await this.#serve(address)
    } catch (error) {
      if (!isTaken(error)) this.#init.onEvent?.({ type: 'retrying', error })
    }
  }

  async #serve(address: string): Promise<void> {
    const server = await serveEpmd({
      registry: this.#registry,
      address,
      port: this.#init.epmdPort,
      lookupElsewhere: (name) => this.#lookupElsewhere(name),
    })
    if (this.#abort.signal.aborted) {
      await server.close()
      return
    }
    this.#servers.set(address, server)
    this.#init.onEvent?.({ type: 'serving', address })
  }

  /** Beside an EPMD at loopback, ours knows its own node only. */
  async #lookupElsewhere(name: string): Promise<EpmdNode | undefined> {
    if (this.#registration === undefined) return undefined
    return lookupNode(name, { address: this.#loopback, port: this.#init.epmdPort })
  }

  #addOwn(): number {
    if (this.#registry.has(this.#node.name)) return this.#creation
    return this.#registry.add(this, this.#node).creation
  }

  get #mayServe(): boolean {
    return this.#init.serve ?? true
  }

  async #pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#abort.signal }).catch(() => {})
  }
}

function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || address === '::'
}

function isTaken(error: unknown): boolean {
  return error instanceof DistributionError && (error.cause as NodeJS.ErrnoException | undefined)?.code === 'EADDRINUSE'
}
