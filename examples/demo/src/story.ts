import { ClusterMembers, StepFailed } from './cluster-members.ts'
import { addressCommand, unbindable } from './loopback.ts'
import { type Member, type MemberEvent, OtpMember, TypeScriptMember } from './members.ts'
import type { NameServer } from './name-server.ts'
import type { DemoOptions } from './options.ts'
import type { Presentation } from './presentation.ts'
import { TableStory } from './table-story.ts'

const otpInstallation =
  'install it (Debian, Ubuntu: sudo apt-get install erlang-base; macOS: brew install erlang) and run the demo again'

/** Where each node of the story lives: its basename names its application, its address stands for a pod's. */
export const addresses = { foo: '127.0.0.1', bar: '127.0.0.2', baz: '127.0.0.3', qux: '127.0.0.4' } as const
export type Basename = keyof typeof addresses

export const nodeOf = (basename: Basename): string => `${basename}@${addresses[basename]}`
const serviceOf = (basename: Basename): string => `${basename}.demo.internal`

export interface StoryInit {
  presentation: Presentation
  options: DemoOptions
  cookie: string
  nameServer: NameServer
  signal: AbortSignal
  /** A monotonic clock in milliseconds, the presentation's. */
  now: () => number
}

/** The steps of the demo, in order; each tells what happens while it happens, and throws if it does not. */
export class Story {
  readonly members = new ClusterMembers()
  readonly #init: StoryInit
  readonly #table: TableStory
  readonly #startedAt = new Map<string, number>()

  constructor(init: StoryInit) {
    this.#init = init
    this.#table = new TableStory({
      ...{ presentation: init.presentation, members: this.members, now: init.now },
      member: (basename) => this.#member(basename) as TypeScriptMember,
      until: (condition, awaited) => this.#until(condition, awaited),
    })
    for (const basename of Object.keys(addresses) as Basename[]) {
      // Known from the start, and empty until a node of that name runs.
      this.list(basename)
      this.unlist(basename)
    }
  }

  async tell(): Promise<void> {
    await this.#checkAddresses()
    await this.#form()
    await this.#exchange()
    await this.#joinOtp()
    await this.#table.open()
    await this.#kill()
    await this.#takeBack()
  }

  /** Starts a TypeScript node and lists its address in DNS, as Kubernetes does for a pod. */
  start(basename: Basename): TypeScriptMember {
    const { cookie, options, nameServer } = this.#init
    const services = Object.fromEntries((Object.keys(addresses) as Basename[]).map((name) => [name, serviceOf(name)]))
    const resolver = { address: nameServer.address, port: nameServer.port }
    const member = new TypeScriptMember(
      {
        ...{ type: 'start', name: nodeOf(basename), cookie, epmdPort: options.epmdPort, resolver, services },
        holdsTable: this.#table.isOpen,
      },
      this.members.observe,
    )
    this.list(basename)
    this.#startedAt.set(member.name, this.#init.now())
    return this.members.add(member)
  }

  /** Starts the OTP node; DNS is told once it is up. */
  startOtp(): OtpMember {
    const { cookie, options } = this.#init
    const init = { name: nodeOf('qux'), address: addresses.qux, cookie, epmdPort: options.epmdPort }
    this.#startedAt.set(init.name, this.#init.now())
    return this.members.add(new OtpMember(init, this.members.observe))
  }

  list(basename: Basename): void {
    this.#init.nameServer.add(serviceOf(basename), addresses[basename])
  }

  /** Takes the address of a node that ended out of DNS. */
  unlist(basename: Basename): void {
    this.#init.nameServer.remove(serviceOf(basename), addresses[basename])
  }

  async #checkAddresses(): Promise<void> {
    const missing = await unbindable(Object.values(addresses))
    const needed = missing.filter((address) => address !== addresses.qux)
    if (needed.length === 0) return
    throw new StepFailed(
      `no program can listen on ${needed.join(' and ')} here; add the addresses with: ${addressCommand(missing, process.platform)}`,
    )
  }

  async #form(): Promise<void> {
    const { presentation, now } = this.#init
    presentation.step('Three processes find each other through DNS')
    let lastUpAt = now()
    const stopTelling = this.members.listen((member, event) => {
      if (event.type === 'nodeup') presentation.event(`${member.name} is connected to ${event.node}`, lastUpAt)
      if (event.type !== 'up') return
      lastUpAt = now()
      presentation.event(
        `${member.name} is up: process ${member.pid}, ${member.runtime}`,
        this.#startedAt.get(member.name),
      )
    })
    try {
      // foo first: where no EPMD runs it becomes EPMD for all, and the kill of bar takes none away.
      const foo = this.start('foo')
      await this.#until(
        () => foo.runtime !== undefined,
        () => `${foo.name} is up`,
      )
      const started = [foo, this.start('bar'), this.start('baz')]
      await this.#until(
        () => this.#meshed(started),
        () => this.#missingLinks(started),
      )
    } finally {
      stopTelling()
    }
    presentation.passed('formed: each of the three is connected to the two others', lastUpAt)
  }

  async #exchange(): Promise<void> {
    const { presentation } = this.#init
    presentation.step('A message from foo to a process on baz, and back')
    await this.#greet('baz', 'hello')
  }

  async #joinOtp(): Promise<void> {
    const { presentation, now } = this.#init
    presentation.step('An Erlang node joins, and a TypeScript process greets it')
    if ((await unbindable([addresses.qux])).length > 0) {
      presentation.skipped(`left out: first ${addressCommand([addresses.qux], process.platform)}`)
      return
    }
    const name = nodeOf('qux')
    const qux = this.startOtp()
    if (await this.#isMissing(qux)) {
      this.members.remove(qux)
      presentation.skipped(`left out: there is no erl here; ${otpInstallation}`)
      return
    }
    presentation.event(
      `${name} is up: process ${qux.pid}, ${qux.runtime}, without a line of Tiebeam in it`,
      this.#startedAt.get(name),
    )
    this.list('qux')
    const listedAt = now()
    const stopTelling = this.members.listen((member, event) => {
      if (member === qux && event.type === 'nodeup') presentation.event(`${name} sees ${event.node}`, listedAt)
    })
    try {
      const everyone = this.members.alive
      await this.#until(
        () => this.#meshed(everyone),
        () => this.#missingLinks(everyone),
      )
    } finally {
      stopTelling()
    }
    presentation.event('joined: DNS lists it, and the three others have connected to it', listedAt)
    await this.#greet('qux', 'welcome')
  }

  async #kill(): Promise<void> {
    const { presentation, now } = this.#init
    const bar = this.#member('bar')
    const others = this.members.alive.filter((member) => member !== bar)
    presentation.step(`bar, the primary of the table, is killed while foo writes: kill -9 ${bar.pid}`)
    let killedAt = now()
    const stopTelling = this.members.listen((member, event) => {
      if (event.type === 'nodedown' && event.node === bar.name) {
        presentation.event(`${member.name} noticed that ${event.node} is down: ${event.reason}`, killedAt)
      }
    })
    const kill = async (): Promise<void> => {
      killedAt = now()
      bar.kill()
      await this.#until(
        () => bar.ended !== undefined && others.every((member) => !member.connected.has(bar.name)),
        () => `${bar.name} is gone for ${others.map((member) => member.name).join(', ')}`,
      )
      this.unlist('bar')
      presentation.passed(`noticed by all ${others.length} others, who keep their connections`, killedAt)
    }
    try {
      await this.#table.survive(kill)
      if (!this.#meshed(others)) throw new StepFailed(`lost as well: ${this.#missingLinks(others)}`)
    } finally {
      stopTelling()
    }
  }

  async #takeBack(): Promise<void> {
    const { presentation, now } = this.#init
    presentation.step('bar is started again')
    let upAt = now()
    const bar = this.start('bar')
    const stopTelling = this.members.listen((member, event) => {
      if (event.type === 'up') {
        upAt = now()
        presentation.event(`${member.name} is up: process ${member.pid}`, this.#startedAt.get(member.name))
      }
      if (event.type === 'nodeup' && event.node === bar.name) presentation.event(`${member.name} took it back`, upAt)
    })
    try {
      await this.#until(
        () => this.#meshed(this.members.alive),
        () => this.#missingLinks(this.members.alive),
      )
      presentation.passed(`whole again: ${this.members.alive.length} nodes, each connected to all others`, upAt)
    } finally {
      stopTelling()
    }
    await this.#table.takeBack(upAt)
    await this.#greet('bar', 'good to see you')
  }

  /** A process on foo says hello to the greeter of another node; what arrives there and what comes back is told. */
  async #greet(basename: Basename, text: string): Promise<void> {
    const { presentation, now } = this.#init
    const foo = this.#member('foo') as TypeScriptMember
    const node = nodeOf(basename)
    const sentAt = now()
    let answered: Extract<MemberEvent, { type: 'answered' }> | undefined
    const stopTelling = this.members.listen((member, event) => {
      if (event.type === 'greeted' && member.name === node) {
        presentation.event(`${event.by} → ${node}: “${event.text}”`, sentAt)
      }
      if (event.type === 'answered' && member === foo && event.by === node) answered = event
    })
    try {
      foo.order({ type: 'greet', node, text })
      await this.#until(
        () => answered !== undefined,
        () => `an answer of ${node} to ${foo.name}`,
      )
    } finally {
      stopTelling()
    }
    presentation.passed(`${node} → ${foo.name}: “${answered?.text}”`, sentAt)
  }

  /** Waits until the node is up, or until it is clear that its program is not installed. */
  async #isMissing(member: Member): Promise<boolean> {
    let missing = false
    const stopListening = this.members.listen((of, event) => {
      if (of === member && event.type === 'missing') {
        missing = true
        this.members.remove(member)
      }
    })
    try {
      await this.#until(
        () => missing || member.runtime !== undefined,
        () => `${member.name} is up`,
      )
      return missing
    } finally {
      stopListening()
    }
  }

  #member(basename: Basename): Member {
    const member = this.members.alive.find((candidate) => candidate.name === nodeOf(basename))
    if (!member) throw new StepFailed(`${nodeOf(basename)} is not running`)
    return member
  }

  #meshed(members: readonly Member[]): boolean {
    return this.#missingLinks(members) === ''
  }

  #missingLinks(members: readonly Member[]): string {
    return members
      .flatMap((member) =>
        members
          .filter((other) => other !== member && !member.connected.has(other.name))
          .map((other) => `${member.name} is connected to ${other.name}`),
      )
      .join(', ')
  }

  #until(condition: () => boolean, awaited: () => string): Promise<void> {
    const { options, signal } = this.#init
    return this.members.until(condition, { awaited, limitMs: options.stepLimitMs, signal })
  }
}
