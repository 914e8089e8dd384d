import type { Logger, Node, NodeDown, NodeUp } from '@tiebeam/distribution'
import { Peers } from '../founding/peers.ts'
import type { Hello } from '../wire/hello.ts'
import { SilentLinks } from './silent-links.ts'
import type { Transport } from './transport.ts'

export interface GreetingsInit {
  readonly node: Node
  readonly logger: Logger
  readonly transport: Transport
  readonly ownHello: () => Hello
  readonly onHello: (hello: Hello) => void
  readonly onDown: (node: string) => void
  /** Whether a node that takes part ought to be heard, and perhaps is not. */
  readonly isMissed: (node: string) => boolean
  /** How long a node that is missed has to answer before it is connected to anew. */
  readonly missedMs: number
}

const ANSWER_MS = 5000

/** Asks each Tiebeam node that connects whether it takes part, and tells those who do when something changes here. */
export class Greetings {
  readonly peers = new Peers()
  readonly #init: GreetingsInit
  readonly #silentLinks: SilentLinks
  readonly #asking = new Set<string>()
  readonly #otherKinds = new Set<string>()
  readonly #up = ({ name }: NodeUp): void => this.#greetIfTiebeam(name)
  readonly #down = ({ name }: NodeDown): void => {
    this.peers.down(name, performance.now())
    this.#init.onDown(name)
  }

  constructor(init: GreetingsInit) {
    this.#init = init
    this.#silentLinks = new SilentLinks(init.missedMs)
    this.peers.changedMs = performance.now()
  }

  start(): void {
    const { node } = this.#init
    node.on('nodeup', this.#up)
    node.on('nodedown', this.#down)
    this.greetAll()
  }

  stop(): void {
    const { node } = this.#init
    node.off('nodeup', this.#up)
    node.off('nodedown', this.#down)
  }

  /** Asks all connected nodes anew. */
  greetAll(): void {
    for (const name of this.#init.node.nodes('tiebeam')) void this.#greet(name)
  }

  /** Asks those that are missed, and connects anew where nothing comes. To be called again and again. */
  look(): void {
    const { node, isMissed } = this.#init
    const missed = this.peers.present().filter(({ member }) => isMissed(member.node))
    const names = new Set(missed.map(({ member }) => member.node))
    const links = names.size === 0 ? [] : node.stats().links.filter(({ name }) => names.has(name))
    const found = this.#silentLinks.look(links, performance.now())
    for (const name of found?.ask ?? []) void this.#greet(name)
    for (const name of found?.silent ?? []) void this.#connectAnew(name)
  }

  /** Tells those who take part how things are here. */
  announce(): void {
    const hello = this.#init.ownHello()
    for (const { member } of this.peers.present()) this.#init.transport.send(member.node, { type: 'hello', hello })
  }

  received(hello: Hello): void {
    const { name, kind } = this.#init.ownHello()
    if (hello.name !== name || !this.peers.heard(hello, performance.now())) return
    const { node } = hello.member
    // It may have waited in the mailbox for longer than the connection was there.
    if (!this.#init.node.nodes('connected').includes(node)) this.peers.down(node, performance.now())
    if (hello.kind === kind) this.#init.onHello(hello)
    else if (!this.#otherKinds.has(node)) {
      this.#otherKinds.add(node)
      this.#init.logger.error(
        { peer: node, theirs: hello.kind, ours: kind },
        'tables: a node uses another authority; configure the same one at all nodes of the cluster',
      )
    }
  }

  async #connectAnew(name: string): Promise<void> {
    try {
      await this.#init.node.connect(name, { anew: true })
      this.#init.logger.info({ peer: name }, 'tables: nothing came from a node; it was connected to anew')
    } catch (error) {
      this.#init.logger.debug({ err: error, peer: name }, 'tables: could not connect anew to a node that is silent')
    }
  }

  #greetIfTiebeam(name: string): void {
    if (this.#init.node.nodes('tiebeam').includes(name)) void this.#greet(name)
  }

  async #greet(name: string): Promise<void> {
    if (this.#asking.has(name)) return
    this.#asking.add(name)
    this.peers.up(name, performance.now())
    const answer = await this.#init.transport.ask(name, { type: 'hello', hello: this.#init.ownHello() }, ANSWER_MS)
    this.#asking.delete(name)
    if (answer.type === 'absent') this.peers.absent(name, performance.now())
    if (answer.type === 'answered' && answer.packet.type === 'hello') this.received(answer.packet.hello)
  }
}
