import {
  DistributionError,
  Down,
  Exit,
  type GenCall,
  genCallOf,
  genReply,
  type Logger,
  type Node,
  type NodeDown,
  type NodeUp,
  type Pid,
  type Process,
  type Reference,
} from '@tiebeam/distribution'
import { Complaints } from '../../complaints.ts'
import { isExited, KeptProcess } from '../../shell/kept-process.ts'
import { BADARG, SYSTEM, unknownSystemRequest } from '../gen-requests.ts'
import type { GroupChange, ProcessEffect, Scope, ScopeEffect } from '../scope.ts'
import { parseScopeMessage, type ScopeMessage, scopeMessage } from '../scope-messages.ts'

export interface ScopeProcessInit {
  readonly node: Node
  readonly name: string
  readonly state: Scope
  readonly logger: Logger
  /** How often nodes without such a scope are asked again. */
  readonly discoverMs: number
  readonly onChange: (monitor: string, change: GroupChange) => void
  /** The scope process runs: for the first time, or in place of one that was killed. */
  readonly onStarted: (self: Process) => void
  /** A monitor fired that is none of the state's. */
  readonly onDown: (down: Down) => void
  /** Gives the reply; undefined for a request that is not understood. */
  readonly onCall: (call: GenCall) => unknown
  /** The node stops. */
  readonly onLost: () => void
}

/** The process that is registered under the name of a scope: it brings what happens to the state, and carries out what comes of it. */
export class ScopeProcess {
  readonly #init: ScopeProcessInit
  readonly #process: KeptProcess
  readonly #connected: Set<string>
  /** Of the processes that the state has monitored, by key of the pid. */
  readonly #references = new Map<string, Reference>()
  readonly #complaints: Complaints
  readonly #lookingAgain: NodeJS.Timeout

  /** @throws DistributionError `NAME_TAKEN`, `NODE_STOPPED`, `OPTION_INVALID` */
  constructor(init: ScopeProcessInit) {
    const { node, name, state, logger } = init
    this.#init = init
    this.#complaints = new Complaints(logger)
    this.#connected = new Set(node.nodes('connected'))
    this.#process = new KeptProcess({
      node,
      name,
      logger,
      onStarted: (self) => {
        this.#references.clear()
        this.carryOut(state.started(self.pid, node.nodes()))
        init.onStarted(self)
      },
      onMessage: (message) => this.#receive(message),
      onLost: () => {
        this.#end()
        init.onLost()
      },
    })
    node.on('nodeup', this.#nodeUp)
    node.on('nodedown', this.#nodeDown)
    this.#lookingAgain = setInterval(() => this.carryOut(state.lookAgain(node.nodes())), init.discoverMs).unref()
  }

  /** Undefined while there is no scope process: in the moment in which one that was killed is replaced, and after the end. */
  get self(): Process | undefined {
    return this.#process.self
  }

  /** The process ends at once. */
  stop(): void {
    this.#process.stop()
    this.#end()
  }

  carryOut(effects: readonly ScopeEffect[]): void {
    for (const effect of effects) {
      if (effect.type === 'notify') this.#init.onChange(effect.monitor, effect.change)
      else if (effect.type === 'refused') this.#refused(effect.peer)
      // Without a process there is nothing to do: the next one monitors all members, and asks all peers.
      else if (this.self !== undefined) this.#carryOutBy(this.self, effect)
    }
  }

  #carryOutBy(self: Process, effect: ProcessEffect): void {
    switch (effect.type) {
      case 'discover':
        this.#discover(self, effect.node)
        return
      case 'send':
        this.#send(self, effect.to, effect.message)
        return
      case 'sendAll':
        for (const message of effect.messages) if (!this.#send(self, effect.to, message)) return
        return
      case 'monitor':
        this.#references.set(effect.pid.key, self.monitor(effect.pid))
        return
      case 'demonitor':
        this.#demonitor(self, effect.pid)
        return
      case 'awaitOutput':
        this.#whenDrained(effect.peer.node, () => this.#init.state.outputDrained(effect.peer))
        return
    }
  }

  #end(): void {
    this.#init.node.off('nodeup', this.#nodeUp)
    this.#init.node.off('nodedown', this.#nodeDown)
    clearInterval(this.#lookingAgain)
  }

  readonly #nodeUp = ({ name, hidden }: NodeUp): void => {
    this.#connected.add(name)
    if (!hidden) this.carryOut(this.#init.state.nodeUp(name))
  }

  readonly #nodeDown = ({ name }: NodeDown): void => {
    this.#connected.delete(name)
  }

  #receive(message: unknown): void {
    if (message instanceof Down) this.#down(message)
    else if (message instanceof Exit) this.#complaints.add('an exit signal', { from: String(message.from) })
    else {
      const understood = parseScopeMessage(message)
      const call = genCallOf(message)
      const system = genCallOf(message, SYSTEM)
      if (understood !== undefined) this.#receiveFromPeer(understood)
      else if (call !== undefined) this.#answer(call, () => this.#replyTo(call))
      else if (system !== undefined) this.#answer(system, () => unknownSystemRequest(system.request))
      else this.#complaints.add('a message that is none to a scope, or malformed', { message })
    }
  }

  #replyTo(call: GenCall): unknown {
    const reply = this.#init.onCall(call)
    if (reply !== undefined) return reply
    this.#complaints.add('a call that is none to a scope', { request: call.request })
    return BADARG
  }

  #answer({ client }: GenCall, reply: () => unknown): void {
    const { node } = client.pid
    // As with peers: nobody is dialled because of what a message claims.
    if (node !== this.#init.node.name && !this.#connected.has(node)) return
    const { to, message } = genReply(client, reply())
    this.self?.send(to, message)
  }

  #receiveFromPeer(message: ScopeMessage): void {
    // Anyone may send, and claim any process to be the peer. That must not make us dial its node.
    if (this.#connected.has(message.peer.node)) this.carryOut(this.#init.state.receive(message))
    else this.#complaints.add('a message for a peer that is not connected', { peer: String(message.peer) })
  }

  #down(down: Down): void {
    const { reference, target } = down
    if ('name' in target || this.#references.get(target.key)?.equals(reference) !== true) {
      this.#init.onDown(down)
      return
    }
    this.#references.delete(target.key)
    this.carryOut(this.#init.state.down(target))
  }

  #demonitor(self: Process, { key }: Pid): void {
    const reference = this.#references.get(key)
    this.#references.delete(key)
    if (reference !== undefined) self.demonitor(reference)
  }

  #discover(self: Process, node: string): void {
    try {
      self.send({ name: this.#init.name, node }, scopeMessage({ type: 'discover', peer: self.pid }))
    } catch (error) {
      if (isOutputFull(error)) this.#whenDrained(node, () => this.#init.state.nodeUp(node))
      else this.#sendFailed(node, error)
    }
  }

  /** False when it was not sent. */
  #send(self: Process, to: Pid, message: ScopeMessage): boolean {
    // As in OTP, never dial for it: when the nodes meet again, the peer is told all.
    if (!this.#connected.has(to.node)) return false
    try {
      self.send(to, scopeMessage(message))
      return true
    } catch (error) {
      if (isOutputFull(error)) this.carryOut(this.#init.state.outputFull(to))
      else this.#sendFailed(to.node, error)
      return false
    }
  }

  #refused(peer: Pid): void {
    this.#complaints.add('memberships of a peer beyond membershipsMax', { peer: String(peer) })
  }

  #sendFailed(peer: string, error: unknown): void {
    if (!isExited(error)) this.#init.logger.error({ err: error, peer }, 'a peer cannot be told of groups')
  }

  #whenDrained(node: string, then: () => ScopeEffect[]): void {
    this.#init.node.drained(node).then(
      () => this.carryOut(then()),
      // The connection ended, which is told otherwise.
      () => {},
    )
  }
}

function isOutputFull(error: unknown): boolean {
  return error instanceof DistributionError && error.code === 'OUTPUT_FULL'
}
