import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { atom, type DecoderInit, type Pid } from '@tiebeam/etf'
import { decideCaller, yields } from '../connect-decision.ts'
import { DistributionError } from '../errors.ts'
import { FLAGS, hasFlag, OFFERED_FLAGS } from '../flags.ts'
import type { FrameReader } from '../frames.ts'
import { Acceptor, type Claim, type NameDecision } from '../handshake/acceptor.ts'
import { Dialler } from '../handshake/dialler.ts'
import type { Peer } from '../handshake/effects.ts'
import type { Logger } from '../logger.ts'
import type { NodeLimits } from '../node-init.ts'
import { type NodeName, parseNodeName } from '../node-name.ts'
import type { Signal, SpawnRequestSignal } from '../signals.ts'
import type { TlsInit } from '../transport/tls.ts'
import { Attempt } from './attempt.ts'
import { Callers } from './callers.ts'
import { Link } from './link.ts'
import type { PortSource } from './locate.ts'
import { PendingOutput } from './pending-output.ts'
import type { Outlet, RefusableSignal } from './router.ts'

export interface ConnectionsInit {
  readonly node: NodeName
  readonly shortNames: boolean
  readonly creation: number
  readonly cookie: string
  readonly hidden: boolean
  /** Whether the node is a visible one to OTP peers. */
  readonly published: boolean
  readonly allow: (name: string) => boolean
  readonly portSource: PortSource
  readonly tls: TlsInit | undefined
  readonly limits: NodeLimits
  readonly decoder: DecoderInit
  /** Messages to these registered names are decoded exactly. */
  readonly exactNames: ReadonlySet<string>
  /** Of the node itself. */
  readonly pid: () => Pid
  readonly logger: Logger
  /** A signal from the peer of this name. What it throws ends the link. */
  readonly onSignal: (peer: string, signal: Signal) => void
  readonly onUp: (link: Link) => void
  /** The link is gone; a new one to the same peer comes up only after this call. */
  readonly onDown: (link: Link, reason: DistributionError) => void
  /** What was sent to this node in the hope of a connection is lost. */
  readonly onUnreachable: (name: string) => void
}

/** Also of attempts that a message began: a later `connect` joins them, and must not wait for the kernel. */
const REDIAL_MS = 250

interface Connecting {
  readonly attempt: Attempt
  readonly output: PendingOutput
  readonly promise: Promise<void>
  readonly resolve: () => void
  readonly reject: (error: DistributionError) => void
  /** Calls of `connect` that wait for it. */
  waiting: number
}

export interface ConnectOptions {
  /** Rejects this call when it aborts; the attempt itself ends with the last who wants it. */
  readonly signal?: AbortSignal
  /**
   * While the peer's EPMD has not answered, and then while no TCP connection is established, dial again every so many milliseconds: the
   * kernel repeats a lost SYN only after 1, 3 and 7 s. Only the call that begins the attempt decides. Default 250.
   */
  readonly redialMs?: number
  /**
   * Make a connection even though there is one, for a peer that is silent without need: when a cut of the network ends, TCP may wait for
   * as long again as it lasted. The old connection is closed when the new one stands. If the peer is heard over it before, it stays, and
   * the call is rejected with `ALREADY_CONNECTED`. Default false.
   */
  readonly anew?: boolean
}

/** The connections of a node: at most one to each peer, however it came about. */
export class Connections implements Outlet {
  readonly #init: ConnectionsInit
  readonly #flags: bigint
  readonly #links = new Map<string, Link>()
  readonly #connecting = new Map<string, Connecting>()
  #callers: Callers | undefined
  #stopped: DistributionError | undefined
  readonly counts = { connected: 0, disconnected: 0, connectFailures: 0, refusedCallers: 0 }

  constructor(init: ConnectionsInit) {
    this.#init = init
    if (init.hidden) this.#flags = OFFERED_FLAGS & ~FLAGS.TIEBEAM.bit
    else this.#flags = init.published ? OFFERED_FLAGS | FLAGS.PUBLISHED.bit : OFFERED_FLAGS
  }

  /** @returns the port @throws DistributionError `LISTEN_FAILED` */
  async listen(address: string, port: number): Promise<number> {
    const { limits, tls } = this.#init
    this.#callers = await Callers.listen({
      address,
      port,
      tls,
      handshakeMs: limits.handshakeMs,
      unauthenticatedMax: limits.unauthenticatedMax,
      makeAcceptor: () => this.#makeAcceptor(),
      onEstablished: (socket, peer, frames) => this.#established(socket, peer, frames),
      onRefused: (error, remoteAddress, claimedName) => this.#refused(error, remoteAddress, claimedName),
    })
    return this.#callers.port
  }

  get links(): Iterable<Link> {
    return this.#links.values()
  }

  get connecting(): string[] {
    return [...this.#connecting.keys()]
  }

  get unauthenticated(): number {
    return this.#callers?.count ?? 0
  }

  link(name: string): Link | undefined {
    return this.#links.get(name)
  }

  /** Resolves when there is a connection. Calls at the same time share one attempt. */
  async connect(name: string, options: ConnectOptions = {}): Promise<void> {
    const { signal, redialMs, anew = false } = options
    if (isAborted(signal)) throw calledOff(name)
    if (this.#links.has(name) && !anew) return
    const connecting = this.#connect(name, redialMs)
    connecting.waiting++
    try {
      await (signal === undefined ? connecting.promise : raceAbort(connecting.promise, signal, name))
    } catch (error) {
      const wanted = connecting.waiting > 1 || connecting.output.bytes > 0
      if (isAborted(signal) && !wanted) this.#failed(name, connecting, error as DistributionError)
      throw error
    } finally {
      connecting.waiting--
    }
  }

  /** Whether there was a connection, or an attempt. */
  disconnect(name: string): boolean {
    const reason = new DistributionError('DISCONNECTED', `The connection to ${name} was closed by disconnect().`)
    const connecting = this.#connecting.get(name)
    const link = this.#links.get(name)
    if (connecting !== undefined) this.#failed(name, connecting, reason)
    link?.close(reason)
    return link !== undefined || connecting !== undefined
  }

  message(node: string, sender: Pid, signal: RefusableSignal): void {
    const link = this.#links.get(node)
    if (link === undefined) this.#connect(node).output.message(sender, signal)
    else if (signal.type === 'spawnRequest' && !canSpawn(link)) this.#refuseSpawn(node, signal)
    else link.message(sender, signal)
  }

  /** Answers in the place of a peer that does not know the request. */
  #refuseSpawn(node: string, { requestId, from }: SpawnRequestSignal): void {
    const refusal: Signal = { type: 'spawnReply', requestId, to: from, flags: 0, result: atom('notsup') }
    queueMicrotask(() => this.#init.onSignal(node, refusal))
  }

  signal(node: string, sender: Pid, signal: Signal): void {
    const link = this.#links.get(node)
    if (link !== undefined) {
      link.signal(sender, signal)
    } else if (signal.type === 'link' || signal.type === 'monitor' || signal.type === 'exit2') {
      try {
        this.#connect(node).output.signal(sender, signal)
      } catch (error) {
        this.#init.logger.debug({ err: error, peer: node }, 'a signal to a node that cannot be reached')
        this.#init.onUnreachable(node)
      }
    } else {
      // Whatever this undoes, confirms or ends has gone with the connection, or waits with it.
      this.#connecting.get(node)?.output.signal(sender, signal)
    }
  }

  /** Resolves when the output to the node has drained; at once when there is none. */
  drained(name: string): Promise<void> {
    const link = this.#links.get(name)
    if (link !== undefined) return link.drained()
    return this.#connecting.get(name)?.promise.then(() => this.drained(name)) ?? Promise.resolve()
  }

  /** Takes no more callers, ends attempts; links are left. */
  async stopListening(reason: DistributionError): Promise<void> {
    this.#stopped = reason
    await this.#callers?.close(reason)
    for (const [name, connecting] of [...this.#connecting]) this.#failed(name, connecting, reason)
  }

  closeLinks(reason: DistributionError): void {
    for (const link of [...this.#links.values()]) link.close(reason)
  }

  /** @throws DistributionError `NODE_NAME_INVALID`, `NODE_STOPPED` */
  #connect(name: string, redialMs: number = REDIAL_MS): Connecting {
    const known = this.#connecting.get(name)
    if (known !== undefined) return known
    if (this.#stopped !== undefined) throw this.#stopped
    const peer = parseNodeName(name, { shortNames: this.#init.shortNames })
    if (name === this.#init.node.name) {
      throw new DistributionError('NODE_NAME_INVALID', `${name} is this node itself; it needs no connection.`)
    }
    let resolve: () => void = () => {}
    let reject: (error: DistributionError) => void = () => {}
    const promise = new Promise<void>((onResolve, onReject) => {
      resolve = onResolve
      reject = onReject
    })
    // Nobody may be waiting: the attempt may have been made for a message.
    promise.catch(() => {})
    const silent = this.#links.get(name)
    const heardBytes = silent?.receivedBytes
    const isStillWanted = (): boolean => {
      const link = this.#links.get(name)
      return link === undefined || (link === silent && link.receivedBytes === heardBytes)
    }
    const attempt = new Attempt({
      peer,
      portSource: this.#init.portSource,
      tls: this.#init.tls,
      timeoutMs: this.#init.limits.handshakeMs,
      redialMs,
      makeDialler: () => this.#makeDialler(name, isStillWanted),
      isCalling: () => this.#callers?.has(name) ?? false,
      onEstablished: (socket, established, frames) => this.#established(socket, established, frames),
      onFailed: (error) => this.#failed(name, connecting, error),
    })
    const output = new PendingOutput(this.#init.limits)
    const connecting: Connecting = { attempt, output, promise, resolve, reject, waiting: 0 }
    this.#connecting.set(name, connecting)
    return connecting
  }

  #failed(name: string, connecting: Connecting, error: DistributionError): void {
    if (this.#connecting.get(name) !== connecting) return
    this.#connecting.delete(name)
    connecting.attempt.cancel()
    this.counts.connectFailures++
    this.#init.logger.debug({ err: error, peer: name }, 'could not connect')
    connecting.reject(error)
    if (!this.#links.has(name)) this.#init.onUnreachable(name)
  }

  #refused(error: DistributionError, remoteAddress: string | undefined, claimedName: string | undefined): void {
    if (this.#stopped !== undefined) return
    this.counts.refusedCallers++
    const expected =
      error.code === 'SIMULTANEOUS_CONNECT' ||
      error.code === 'ALREADY_CONNECTED' ||
      // Of several dials at once the peer keeps one, a probe of the port looks the same, and a link that is heard again is kept.
      (error.code === 'CONNECTION_CLOSED' && (claimedName === undefined || this.#links.has(claimedName)))
    this.#init.logger[expected ? 'debug' : 'warn'](
      { err: error, remoteAddress, claimedName },
      'a caller was turned away',
    )
  }

  #makeDialler(peerName: string, isStillWanted: () => boolean): Dialler {
    return new Dialler({
      name: this.#init.node.name,
      creation: this.#init.creation,
      cookie: this.#init.cookie,
      peerName,
      challenge: randomBytes(4).readUInt32BE(),
      flags: this.#flags,
      isStillWanted,
    })
  }

  #makeAcceptor(): Acceptor {
    return new Acceptor({
      name: this.#init.node.name,
      creation: this.#init.creation,
      cookie: this.#init.cookie,
      challenge: randomBytes(4).readUInt32BE(),
      flags: this.#flags,
      decide: (claim) => this.#decide(claim),
    })
  }

  #decide(claim: Claim): NameDecision {
    if (claim.dynamic) return 'ok'
    if (this.#stopped !== undefined || !this.#init.allow(claim.name)) return 'not_allowed'
    const attempt = this.#connecting.get(claim.name)?.attempt
    const stage = attempt?.stage ?? 'none'
    const decision = decideCaller({
      ownName: this.#init.node.name,
      callerName: claim.name,
      connected: this.#links.has(claim.name),
      attempt: stage,
    })
    if (yields(stage)) attempt?.yield()
    return decision
  }

  #established(socket: Socket, peer: Peer, frames: FrameReader): Link {
    // The peer proved itself now, so what there was before is dead for it, be it that it said so or that it started anew.
    this.#links
      .get(peer.name)
      ?.close(
        new DistributionError('CONNECTION_REPLACED', `${peer.name} has connected anew; the old connection was dead.`),
      )
    const link: Link = new Link({
      socket,
      peer,
      pid: this.#init.pid(),
      frames,
      hidden: !hasFlag(peer.flags, 'PUBLISHED') && !hasFlag(peer.flags, 'TIEBEAM'),
      limits: this.#init.limits,
      decoder: this.#init.decoder,
      exactNames: this.#init.exactNames,
      onSignal: (signal) => this.#init.onSignal(peer.name, signal),
      onClosed: (reason) => this.#closed(link, reason),
    })
    this.#links.set(peer.name, link)
    this.counts.connected++
    const connecting = this.#connecting.get(peer.name)
    this.#connecting.delete(peer.name)
    connecting?.attempt.cancel()
    // Before anything that a reaction to the connection may send: this was sent earlier.
    if (connecting !== undefined) this.#flush(connecting.output, link)
    this.#init.onUp(link)
    connecting?.resolve()
    return link
  }

  #flush(output: PendingOutput, link: Link): void {
    for (const { sender, signal } of output.takeAll()) {
      try {
        if (signal.type === 'spawnRequest' && !canSpawn(link)) this.#refuseSpawn(link.peer.name, signal)
        else link.signal(sender, signal)
      } catch (error) {
        this.#init.logger.warn(
          { err: error, peer: link.peer.name },
          'a message changed after it was sent, and was dropped',
        )
      }
    }
  }

  #closed(link: Link, reason: DistributionError): void {
    const { name } = link.peer
    if (this.#links.get(name) !== link) return
    this.#links.delete(name)
    this.counts.disconnected++
    this.#init.onDown(link, reason)
  }
}

function canSpawn(link: Link): boolean {
  return hasFlag(link.peer.negotiated, 'SPAWN')
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted ?? false
}

function calledOff(name: string): DistributionError {
  return new DistributionError('CONNECT_FAILED', `The attempt to connect to ${name} was called off.`)
}

function raceAbort(promise: Promise<void>, signal: AbortSignal, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(calledOff(name))
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
