import {
  Down,
  type GenClient,
  genReply,
  type NodeDown,
  type NodeUp,
  type Reference,
  type ServedProcess,
  type ServiceHost,
} from '@tiebeam/distribution'
import type { GlobalEffect, GlobalEvent } from '../effects.ts'
import { Locker } from '../locker.ts'
import { readLockSet } from '../read-messages.ts'
import { compareNames } from '../resolver.ts'
import { RoutineRun } from '../routine-run.ts'
import { GlobalServer, lifeOf } from '../server.ts'
import { SERVER_NAME } from '../vocabulary.ts'
import type { RoutineProcess } from './routine-process.ts'
import type { Routines } from './routines.ts'
import { couldNotSend } from './unsendable.ts'

export const TIMED_OUT: unique symbol = Symbol('timed out')

export interface GlobalProcessInit {
  readonly host: ServiceHost
  readonly routines: Routines
  readonly connectAll: boolean
  readonly preventOverlappingPartitions: boolean
}

/** `global_name_server` as a process of a node, with its locker and resolvers: carries out what the state machines want. */
export class GlobalProcess {
  readonly server: GlobalServer
  readonly #host: ServiceHost
  readonly #routines: Routines
  readonly #process: ServedProcess
  readonly #locker: RoutineProcess
  readonly #lockerRun: RoutineRun<never>
  /** The comparisons of names under way, by tag of the attempt. */
  readonly #comparisons = new Map<number, RoutineRun<void>>()
  readonly #references = new Map<number, Reference>()
  readonly #monitors = new Map<string, number>()
  /** Those of this program who wait for an answer. */
  readonly #askers = new Map<number, (answer: unknown) => void>()
  #lastAsker = 0
  readonly #events: (GlobalEvent | Down)[] = []
  #isHandling = false

  constructor({ host, routines, connectAll, preventOverlappingPartitions }: GlobalProcessInit) {
    this.#host = host
    this.#routines = routines
    const { node } = host
    this.#locker = routines.startProcess((message) => this.#toLocker(message))
    this.server = new GlobalServer({
      own: node.name,
      locker: this.#locker.pid,
      life: lifeOf(node.creation, Math.random),
      connectAll,
      preventOverlappingPartitions,
      isAlive: (pid) => node.isAlive(pid),
    })
    const { locks } = this.server
    const locker = new Locker({ own: node.name, locks, random: Math.random, pid: this.#locker.pid })
    const onFailed = (error: unknown): void => host.logger.error({ err: error }, 'global: a routine failed')
    this.#lockerRun = new RoutineRun(locker.run(), this.#locker, { onDone: () => {}, onFailed })
    this.#process = host.serve({ name: SERVER_NAME, exact: true, handle: (message) => this.#receive(message) })
    node.on('nodeup', this.#onNodeUp)
    node.on('nodedown', this.#onNodeDown)
    this.#lockerRun.start()
  }

  /** Resolves with OTP's answer once the names are in sync with those of the nodes, or the nodes are gone; or with {@link TIMED_OUT}. */
  sync(nodes: readonly string[], timeoutMs: number): Promise<unknown> {
    return this.#routines.wait((resolve) => {
      this.#lastAsker++
      const asker = this.#lastAsker
      const end = (): void => {
        clearTimeout(timer)
        this.#askers.delete(asker)
        this.dispatch({ type: 'syncAbandoned', asker })
      }
      const timer = Number.isFinite(timeoutMs)
        ? setTimeout(() => {
            end()
            resolve(TIMED_OUT)
          }, timeoutMs)
        : undefined
      this.#askers.set(asker, (answer) => {
        clearTimeout(timer)
        resolve(answer)
      })
      this.dispatch({ type: 'sync', nodes, asker })
      return end
    })
  }

  /** Closes the connections to all visible nodes, and tells which they were. */
  disconnect(): Promise<string[]> {
    return this.#routines.wait((resolve) => {
      this.#lastAsker++
      this.#askers.set(this.#lastAsker, (answer) => resolve(answer as string[]))
      this.dispatch({ type: 'disconnect', asker: this.#lastAsker })
      return () => {}
    })
  }

  /** From now on nobody is told that connections end, because they end with the node. */
  leave(): void {
    this.dispatch({ type: 'leaving' })
    this.#lockerRun.stop()
    for (const comparison of this.#comparisons.values()) comparison.stop()
  }

  dispatch(event: GlobalEvent | Down): void {
    this.#events.push(event)
    // What an effect leads to comes after the effects before it.
    if (this.#isHandling) return
    this.#isHandling = true
    try {
      for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift()) this.#handle(next)
    } finally {
      this.#isHandling = false
    }
  }

  readonly #onNodeUp = ({ name, published }: NodeUp): void => {
    if (published) this.dispatch({ type: 'nodeUp', node: name })
  }

  readonly #onNodeDown = ({ name, published }: NodeDown): void => {
    if (published) this.dispatch({ type: 'nodeDown', node: name })
  }

  #receive(message: unknown): void {
    // Which monitor has fired is known only once it has been made, and one of a dead process fires while it is being made.
    this.dispatch(message instanceof Down ? message : { type: 'message', term: message })
  }

  /** Lockers of other nodes speak to the server; but a refusal may come here. */
  #toLocker(message: unknown): void {
    const lockSet = readLockSet(message)
    if (lockSet !== undefined) this.#lockerRun.deliver(lockSet)
  }

  #handle(event: GlobalEvent | Down): void {
    try {
      const known = event instanceof Down ? this.#downEvent(event) : event
      if (known === undefined) return
      for (const effect of this.server.handle(known)) this.#carryOut(effect)
    } catch (error) {
      // Whatever others may send: the server goes on.
      this.#host.logger.error({ err: error }, 'global: a message could not be handled, and was dropped')
    }
  }

  #downEvent({ reference }: Down): GlobalEvent | undefined {
    const monitor = this.#monitors.get(reference.key)
    if (monitor === undefined) return undefined
    this.#forgetMonitor(monitor, reference)
    return { type: 'down', monitor }
  }

  #carryOut(effect: GlobalEffect): void {
    const { node, logger } = this.#host
    switch (effect.type) {
      case 'cast':
        this.#send(effect.node, effect.message)
        return
      case 'tell':
        if (node.nodes('connected').includes(effect.node)) this.#send(effect.node, effect.message)
        return
      case 'answer': {
        if (typeof effect.asker === 'number') {
          this.#askers.get(effect.asker)?.(effect.answer)
          this.#askers.delete(effect.asker)
          return
        }
        this.#answer(effect.asker, effect.answer)
        return
      }
      case 'tellLocker':
        this.#lockerRun.deliver(effect.message)
        return
      case 'monitor': {
        const reference = this.#process.monitor(effect.pid)
        this.#references.set(effect.monitor, reference)
        this.#monitors.set(reference.key, effect.monitor)
        return
      }
      case 'demonitor': {
        const reference = this.#references.get(effect.monitor)
        if (reference === undefined) return
        this.#process.demonitor(reference)
        this.#forgetMonitor(effect.monitor, reference)
        return
      }
      case 'compare': {
        const { ourTag } = effect
        const routine = compareNames(node.name, this.server.names, effect)
        const onFailed = (error: unknown): void => {
          // The other side waits for what we found, with all nodes locked.
          logger.error(
            { err: error, peer: effect.node },
            'global: the names of a node cannot be compared with ours; it is dropped',
          )
          void node.disconnect(effect.node)
        }
        const onDone = (): void => void this.#comparisons.delete(ourTag)
        const run = new RoutineRun(routine, this.#locker, { onDone, onFailed })
        this.#comparisons.set(ourTag, run)
        run.start()
        return
      }
      case 'stopComparing':
        this.#comparisons.get(effect.ourTag)?.stop()
        this.#comparisons.delete(effect.ourTag)
        return
      case 'join':
      case 'connect':
        void this.#connect(effect.node, effect.type)
        return
      case 'disconnect':
        void node.disconnect(effect.node)
        return
      case 'log':
        logger[effect.level](effect.about, effect.text)
        return
    }
  }

  async #connect(node: string, wanted: 'join' | 'connect'): Promise<void> {
    try {
      await this.#host.node.connect(node)
    } catch (error) {
      this.#host.logger.warn({ err: error, peer: node }, 'global: a node that another one knows cannot be reached')
      this.dispatch({ type: 'unreachable', node, wanted })
      return
    }
    if (wanted === 'join') this.dispatch({ type: 'joined', node })
  }

  #send(node: string, message: unknown): void {
    try {
      this.#process.send({ name: SERVER_NAME, node }, message)
    } catch (error) {
      couldNotSend(this.#host, node, error)
    }
  }

  #answer(client: GenClient, answer: unknown): void {
    const { to, message } = genReply(client, answer)
    try {
      this.#process.send(to, message)
    } catch (error) {
      couldNotSend(this.#host, to.node, error)
    }
  }

  #forgetMonitor(monitor: number, reference: Reference): void {
    this.#references.delete(monitor)
    this.#monitors.delete(reference.key)
  }
}
