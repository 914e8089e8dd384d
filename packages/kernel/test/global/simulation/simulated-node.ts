import { genCall, Pid, Tuple } from '@tiebeam/distribution'
import { decode, encode } from '@tiebeam/etf'
import type { GlobalEffect, GlobalEvent } from '../../../src/global/effects.ts'
import type { LockContext } from '../../../src/global/lock-routines.ts'
import { Locker } from '../../../src/global/locker.ts'
import type { RegistrarContext } from '../../../src/global/registrar.ts'
import { methodTerm, resolveBuiltIn } from '../../../src/global/resolve-method.ts'
import { compareNames } from '../../../src/global/resolver.ts'
import type { Replies, Routine, Step } from '../../../src/global/routine.ts'
import { type RoutineHost, type RoutineOutcome, RoutineRun } from '../../../src/global/routine-run.ts'
import { GlobalServer, lifeOf } from '../../../src/global/server.ts'
import type { Endpoint, SimulatedNetwork } from './simulated-network.ts'

interface Asked {
  readonly node: string
  readonly answer: (reply: unknown) => void
}

/** One node: its state machines, with their effects carried out on a simulated network. */
export class SimulatedNode implements Endpoint {
  readonly name: string
  readonly server: GlobalServer
  readonly #network: SimulatedNetwork
  readonly #peers: ReadonlyMap<string, SimulatedNode>
  readonly #lockerRun: RoutineRun<never>
  readonly #comparisons = new Map<number, RoutineRun<void>>()
  readonly #alive = new Set<string>()
  /** Monitors of this node's server, by number. */
  readonly #monitored = new Map<number, Pid>()
  /** Monitors that other nodes have of processes here. */
  readonly #watchers: { readonly pid: Pid; readonly node: string; readonly monitor: number }[] = []
  readonly #asked = new Map<number, Asked>()
  readonly #registrarPid: Pid
  readonly #jobs: (() => void)[] = []
  #isRegistering = false
  #lastNumber = 0
  readonly #events: GlobalEvent[] = []
  #isHandling = false
  /** What the server logged as unexpected: there must be nothing. */
  readonly warnings: string[] = []

  constructor(name: string, network: SimulatedNetwork, peers: ReadonlyMap<string, SimulatedNode>, prevent: boolean) {
    this.name = name
    this.#network = network
    this.#peers = peers
    const lockerPid = this.newPid()
    this.#registrarPid = this.newPid()
    const random = (): number => network.random.next()
    this.server = new GlobalServer({
      own: name,
      locker: lockerPid,
      life: lifeOf(1, random),
      connectAll: true,
      preventOverlappingPartitions: prevent,
      isAlive: (pid) => this.isAlive(pid),
    })
    const locker = new Locker({ ...this.#context(), pid: lockerPid })
    this.#lockerRun = new RoutineRun(locker.run(), this.#host(lockerPid), outcome())
    network.add(this)
    this.#lockerRun.start()
  }

  newPid(): Pid {
    this.#lastNumber++
    const pid = new Pid(this.name, this.#lastNumber, 0, 1)
    this.#alive.add(pid.key)
    return pid
  }

  isAlive(pid: Pid): boolean {
    return this.#alive.has(pid.key)
  }

  kill(pid: Pid): void {
    if (pid.node !== this.name) {
      this.#toPeer(pid.node, (peer) => peer.kill(pid))
      return
    }
    if (!this.#alive.delete(pid.key)) return
    for (const [monitor, each] of [...this.#monitored]) if (each.equals(pid)) this.#down(monitor)
    for (const { pid: each, node, monitor } of this.#watchers) {
      if (each.equals(pid)) this.#toPeer(node, (peer) => peer.#down(monitor))
    }
  }

  register<Result>(routine: (context: RegistrarContext) => Routine<Result>): void {
    this.#jobs.push(() => {
      const { server } = this
      const context: RegistrarContext = {
        ...this.#context(),
        pid: this.#registrarPid,
        names: server.names,
        whereis: (name) => server.whereis(name),
        known: () => server.nodes.names(),
      }
      this.#isRegistering = true
      const onDone = (): void => {
        this.#isRegistering = false
        this.#jobs.shift()?.()
      }
      new RoutineRun(routine(context), this.#host(this.#registrarPid), outcome(onDone)).start()
    })
    if (!this.#isRegistering) this.#jobs.shift()?.()
  }

  get isRegistering(): boolean {
    return this.#isRegistering
  }

  up(peer: string): void {
    this.dispatch({ type: 'nodeUp', node: peer })
  }

  down(peer: string): void {
    for (const [monitor, pid] of [...this.#monitored]) if (pid.node === peer) this.#down(monitor)
    for (const [id, { node, answer }] of [...this.#asked]) {
      if (node !== peer) continue
      this.#asked.delete(id)
      answer(undefined)
    }
    this.dispatch({ type: 'nodeDown', node: peer })
  }

  dispatch(event: GlobalEvent): void {
    this.#events.push(event)
    if (this.#isHandling) return
    this.#isHandling = true
    for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift()) {
      for (const effect of this.server.handle(next)) this.#carryOut(effect)
    }
    this.#isHandling = false
  }

  #carryOut(effect: GlobalEffect): void {
    switch (effect.type) {
      case 'cast':
        if (this.#network.connect(this.name, effect.node)) this.#message(effect.node, effect.message)
        return
      case 'tell':
        this.#message(effect.node, effect.message)
        return
      case 'answer': {
        if (typeof effect.asker === 'number') return
        const { pid, tag } = effect.asker
        const { answer } = effect
        if (pid.node === this.name) this.#answered(tag as number, answer)
        else this.#toPeer(pid.node, (peer) => peer.#answered(tag as number, answer))
        return
      }
      case 'tellLocker':
        this.#lockerRun.deliver(effect.message)
        return
      case 'monitor':
        this.#monitor(effect.monitor, effect.pid)
        return
      case 'demonitor':
        this.#monitored.delete(effect.monitor)
        return
      case 'compare': {
        const routine = compareNames(this.name, this.server.names, effect)
        const run = new RoutineRun(routine, this.#host(this.#registrarPid), outcome())
        this.#comparisons.set(effect.ourTag, run)
        run.start()
        return
      }
      case 'stopComparing':
        this.#comparisons.get(effect.ourTag)?.stop()
        return
      case 'join':
        // At once, so that what is monitored there fares as the connection does: a real node shares one attempt for all.
        if (this.#network.connect(this.name, effect.node)) this.dispatch({ type: 'joined', node: effect.node })
        else this.dispatch({ type: 'unreachable', node: effect.node, wanted: 'join' })
        return
      case 'connect':
        return
      case 'disconnect':
        this.#network.disconnect(this.name, effect.node)
        return
      case 'log':
        if (/unknown or malformed/.test(effect.text)) this.warnings.push(JSON.stringify(effect.about))
        return
    }
  }

  #host(pid: Pid): RoutineHost {
    return {
      ask: (step, onReplies) => this.#ask(step, pid, onReplies),
      settle: ({ name, theirs, ours }, onSettled) => {
        const { winner, kill } = resolveBuiltIn('randomExitName', name, theirs, ours)
        if (kill !== undefined) this.kill(kill)
        this.#network.after(this.#network.random.integer(1, 50), () => onSettled({ value: winner }))
      },
      after: (delayMs, fire) => this.#network.after(delayMs, fire),
      cast: ({ node, message }) => this.#carryOut({ type: 'cast', node, message }),
      send: () => {},
      report: (event) => this.dispatch(event),
    }
  }

  #ask(
    { nodes, request, owner }: Extract<Step, { type: 'ask' }>,
    pid: Pid,
    onReplies: (replies: Replies) => void,
  ): void {
    const replies = new Map<string, unknown>()
    let missing = nodes.length
    for (const node of nodes) {
      this.#lastNumber++
      const id = this.#lastNumber
      const answer = (reply: unknown): void => {
        if (reply !== undefined) replies.set(node, reply)
        missing--
        if (missing === 0) this.#network.after(0, () => onReplies(replies))
      }
      const term = withTag(owner ?? pid, id, request)
      this.#asked.set(id, { node, answer })
      if (node === this.name) this.#network.after(0, () => this.dispatch({ type: 'message', term }))
      else if (this.#network.connect(this.name, node)) this.#message(node, term)
      else {
        this.#asked.delete(id)
        this.#network.after(0, () => answer(undefined))
      }
    }
  }

  #answered(id: number, reply: unknown): void {
    const asked = this.#asked.get(id)
    this.#asked.delete(id)
    asked?.answer(reply)
  }

  #monitor(monitor: number, pid: Pid): void {
    this.#monitored.set(monitor, pid)
    if (pid.node === this.name) {
      if (!this.isAlive(pid)) this.#network.after(0, () => this.#down(monitor))
    } else if (this.#network.connect(this.name, pid.node)) {
      this.#toPeer(pid.node, (peer) => {
        if (peer.isAlive(pid)) peer.#watchers.push({ pid, node: this.name, monitor })
        else peer.#toPeer(this.name, (self) => self.#down(monitor))
      })
    } else this.#network.after(0, () => this.#down(monitor))
  }

  #down(monitor: number): void {
    if (this.#monitored.delete(monitor)) this.dispatch({ type: 'down', monitor })
  }

  /** As over a real connection, the other node gets an equal term, not the same. */
  #message(node: string, message: unknown): void {
    const bytes = encode(message)
    this.#toPeer(node, (peer) => peer.dispatch({ type: 'message', term: decode(bytes, { decoding: 'exact' }) }))
  }

  #toPeer(node: string, act: (peer: SimulatedNode) => void): void {
    const peer = this.#peers.get(node)
    if (peer !== undefined) this.#network.send(this.name, node, () => act(peer))
  }

  #context(): LockContext {
    return { own: this.name, locks: this.#locks, random: () => this.#network.random.next() }
  }

  /** The server is made after its locker. */
  get #locks(): LockContext['locks'] {
    return {
      canSet: (lock) => this.server.locks.canSet(lock),
      isSet: (resource) => this.server.locks.isSet(resource),
    }
  }
}

function outcome(onDone = () => {}): RoutineOutcome<unknown> {
  return {
    onDone,
    onFailed: (error) => {
      throw error
    },
  }
}

export const METHOD = methodTerm('randomExitName')

function withTag(pid: Pid, id: number, request: unknown): Tuple {
  const call = genCall(pid, undefined as never, request)
  return new Tuple([call.at(0), new Tuple([pid, id]), request])
}
