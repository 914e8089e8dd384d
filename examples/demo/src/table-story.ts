import { type ClusterMembers, StepFailed } from './cluster-members.ts'
import type { MemberEvent, TypeScriptMember } from './members.ts'
import type { Presentation } from './presentation.ts'
import type { Basename } from './story.ts'

const sale = { number: 1, article: 'tea' } as const

type View = Extract<MemberEvent, { type: 'view' }>

export interface TableStoryInit {
  presentation: Presentation
  members: ClusterMembers
  now: () => number
  member: (basename: Basename) => TypeScriptMember
  until: (condition: () => boolean, awaited: () => string) => Promise<void>
}

/** What the demo tells of its table: that all hold it, and that the death of its primary takes nothing away. */
export class TableStory {
  readonly #init: TableStoryInit
  /** What each holder said last, by its name. */
  readonly #views = new Map<string, View>()
  #isOpen = false

  constructor(init: TableStoryInit) {
    this.#init = init
    init.members.listen((member, event) => {
      if (event.type === 'view') this.#views.set(member.name, event)
      if (event.type === 'ended') this.#views.delete(member.name)
    })
  }

  /** Whether whoever starts now has to hold the table. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  async open(): Promise<void> {
    const { presentation, member, now } = this.#init
    presentation.step('A table, in the memory of all three: written on foo, read on baz')
    const openedAt = now()
    for (const basename of ['foo', 'bar', 'baz'] as const) member(basename).order({ type: 'openTable' })
    await this.#heldBy(3)
    this.#isOpen = true
    presentation.event(`held by three nodes; its primary is ${this.#primary}`, openedAt)

    const writtenAt = now()
    await this.#answer(member('foo'), 'written', () => member('foo').order({ type: 'write', ...sale }))
    presentation.event(`foo wrote “${sale.article}”: each of the three holds it`, writtenAt)
    const { article } = await this.#read('baz')
    if (article !== sale.article) throw new StepFailed(`baz read “${article}”`)
    presentation.passed(`baz read “${article}” from its own memory`, writtenAt)
  }

  /** foo writes while `kill` takes bar away. */
  async survive(kill: () => Promise<void>): Promise<void> {
    const { presentation, member, now } = this.#init
    const foo = member('foo')
    foo.order({ type: 'keepWriting', from: sale.number + 1 })
    await this.#writes(foo, 10)
    const killedAt = now()
    await kill()
    await this.#heldBy(2)
    await this.#writes(foo, 10)
    const { rows, longestMs } = await this.#answer(foo, 'rested', () => foo.order({ type: 'rest' }))
    const written = rows + 1
    const read = await this.#read('baz')
    if (read.rows !== written) throw new StepFailed(`foo wrote ${written} rows, and baz holds ${read.rows}`)
    presentation.event(
      `the table went on with ${this.#primary} as its primary; the longest write took ${longestMs.toFixed(0)} ms`,
    )
    presentation.passed(`nothing lost: baz holds all ${written} rows that were written`, killedAt)
  }

  async takeBack(upAt: number): Promise<void> {
    await this.#heldBy(3)
    const { rows } = await this.#read('bar')
    this.#init.presentation.passed(`bar holds the table again, all ${rows} rows`, upAt)
  }

  get #primary(): string {
    return [...this.#views].find(([, { role }]) => role === 'primary')?.[0] ?? 'nobody'
  }

  #heldBy(count: number): Promise<void> {
    return this.#init.until(
      () => this.#views.size === count && [...this.#views.values()].every(({ members }) => members === count),
      () => `the table is held by ${count} nodes`,
    )
  }

  async #writes(of: TypeScriptMember, rows: number): Promise<void> {
    for (let row = 0; row < rows; row += 1) await this.#answer(of, 'written', () => {})
  }

  #read(basename: Basename): Promise<Extract<MemberEvent, { type: 'read' }>> {
    const member = this.#init.member(basename)
    return this.#answer(member, 'read', () => member.order({ type: 'read', number: sale.number }))
  }

  /** The first report of that type after `ask`. */
  async #answer<Type extends MemberEvent['type']>(
    of: TypeScriptMember,
    type: Type,
    ask: () => void,
  ): Promise<Extract<MemberEvent, { type: Type }>> {
    const { members, until } = this.#init
    let answer: MemberEvent | undefined
    const stopListening = members.listen((member, event) => {
      if (member === of && event.type === type) answer ??= event
    })
    try {
      ask()
      await until(
        () => answer !== undefined,
        () => `${of.name} reports: ${type}`,
      )
    } finally {
      stopListening()
    }
    return answer as Extract<MemberEvent, { type: Type }>
  }
}
