import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Node } from '@tiebeam/distribution'
import { silentLogger } from '@tiebeam/distribution'
import type { AuthorityHost, AuthorityKind, Member, StartedAuthority, View } from '@tiebeam/tables'
import { TablesError } from '@tiebeam/tables'
import { cases, type Peer, type Random, random, requirePeer, type Scope } from '@tiebeam/testing'
import { History } from './history.ts'

/** Some processes that share an authority. */
interface AuthorityFixture {
  /** One for each process. */
  readonly kinds: readonly AuthorityKind[]
  /** Nodes of the processes, for an authority that uses them. */
  readonly nodes?: readonly Node[]
  /** Begins to delay, drop, repeat and cut what travels between them and the authority. */
  disturb?(random: Random): void
  /** Ends that. Resolves when nothing that was held back can arrive any more. */
  calm?(): Promise<void>
  /** In words, what happened. */
  report?(): string
}

export interface ComplianceInit {
  readonly name: string
  /** Programs that it needs. */
  readonly peers?: readonly Peer[]
  /** Of a new register, in which nothing stands. Where nothing is to be disturbed, no answer may be given up because the machine is slow. */
  readonly fixture: (scope: Scope, isDisturbed: boolean) => Promise<AuthorityFixture>
  /** How many views are installed under faults, times the scale of tests. Default 300. */
  readonly epochs?: number
}

/** What a replica relies on, whatever the authority. */
export function authorityCompliance(init: ComplianceInit): void {
  const { peers = [] } = init
  describe(`the authority ${init.name}`, () => {
    test('one of many founders wins, and the others are shown its view', async (t) => {
      if (!requirePeer(t, ...peers)) return
      const { started, first, members, isSpread } = await start(init, t)
      assert.equal(await first.read(), undefined)
      // Else the processes see to it themselves.
      if (isSpread) return
      const views = started.map((_authority, index) => viewOf(members, 1, index))
      const answers = await Promise.all(started.map((authority, index) => authority.install(views[index] as View, 0)))
      const installed = answers.filter(({ type }) => type === 'installed')
      assert.equal(installed.length, 1)
      for (const { view } of answers) assert.deepEqual(view, installed[0]?.view)
      for (const authority of started) assert.deepEqual(await authority.read(), installed[0]?.view)
    })

    test('an install that expects another epoch changes nothing, and shows what stands', async (t) => {
      if (!requirePeer(t, ...peers)) return
      const { started, first, members, isSpread } = await start(init, t)
      const [founding, second] = [viewOf(members, 1, 0), viewOf(members, 2, 0)]
      await first.install(founding, 0)
      await first.install(second, 1)
      for (const authority of started) {
        for (const expected of [0, 1, 7]) {
          const asked = authority.install(viewOf(members, expected + 1, 1), expected)
          const answer = await asked.catch((error) =>
            isSpread && isUnknown(error) ? undefined : Promise.reject(error),
          )
          if (isSpread) assert.notEqual(answer?.type, 'installed')
          else assert.deepEqual(answer, { type: 'stands', view: second })
        }
      }
      assert.deepEqual(await first.read(), second)
    })

    test('an empty view stands like any other', async (t) => {
      if (!requirePeer(t, ...peers)) return
      const { first, members } = await start(init, t)
      await first.install(viewOf(members, 1, 0), 0)
      const empty = { identity: 'identity', epoch: 2, primary: undefined, members: [] }
      assert.equal((await first.install(empty, 1)).type, 'installed')
      assert.deepEqual(await first.read(), empty)
    })

    test('once stopped it answers nothing more, and what was under way ends', async (t) => {
      if (!requirePeer(t, ...peers)) return
      const { started, members, isSpread } = await start(init, t)
      const [one, other] = started as [StartedAuthority, StartedAuthority]
      const underWay = one.install(viewOf(members, 1, 0), 0).catch((error) => error)
      await one.stop()
      await underWay
      await assert.rejects(one.read(), (error) => error instanceof TablesError && error.code === 'TABLES_STOPPED')
      if (!isSpread) await other.read()
    })

    test('under faults there is one view for each epoch, and nobody is told otherwise', {
      timeout: 300_000,
    }, async (t) => {
      if (!requirePeer(t, ...peers)) return
      const chance = random()
      const { started, fixture, first, members, isSpread, learned } = await start(init, t, true)
      const history = new History()
      const until = cases(init.epochs ?? 300)
      if (isSpread) await history.install(0, first, viewOf(members, 1, 0))
      fixture.disturb?.(chance)
      // However few the cases are, there has to be a call of which nobody knows how it ended.
      const isDone = (known: View | undefined): boolean =>
        (known?.epoch ?? 0) >= until && (fixture.disturb === undefined || history.count('unknown') > 0)
      const run = async (authority: StartedAuthority, index: number): Promise<void> => {
        let serial = 0
        for (let known: View | undefined; !isDone(known); ) {
          if (chance.chance(0.3)) {
            known = newer(known, await history.read(index, authority))
          } else {
            serial += 1
            const next = viewOf(members, (known?.epoch ?? 0) + 1, index, serial)
            const outcome = await history.install(index, authority, next)
            if (outcome.type !== 'unknown') known = newer(known, outcome.view)
          }
          learned(index, known)
          if (chance.chance(0.2)) await sleep(chance.integer(20))
        }
      }
      await Promise.all(started.map(run))
      await fixture.calm?.()
      const final = await answerOf(() => first.read())
      for (const authority of started) assert.deepEqual(await answerOf(() => authority.read()), final)
      history.check(final, isSpread)
      t.diagnostic(
        `${final?.epoch} epochs, ${history.calls.length} calls: ${history.count('installed')} installed, ` +
          `${history.count('stands')} shown what stands, ${history.count('unknown')} unknown. ${fixture.report?.() ?? ''}`,
      )
      // What was unknown is answered definitely by a further call.
      const further = viewOf(members, (final?.epoch ?? 0) + 1, 0)
      assert.deepEqual((await answerOf(() => first.install(further, further.epoch - 1))).view, further)
    })
  })
}

/** Of the first call that does not end unknown: on a slow machine some do although nothing disturbs them. */
async function answerOf<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call()
    } catch (error) {
      if (!isUnknown(error)) throw error
    }
  }
}

interface Started {
  readonly fixture: AuthorityFixture
  readonly started: readonly StartedAuthority[]
  readonly first: StartedAuthority
  readonly members: readonly Member[]
  /** Over its users: there is nobody to ask who knows for certain what stands. */
  readonly isSpread: boolean
  /** Tells a process's authority what the process knows. */
  readonly learned: (index: number, view: View | undefined) => void
}

async function start(init: ComplianceInit, t: TestContext, isDisturbed = false): Promise<Started> {
  const fixture = await init.fixture(t, isDisturbed)
  const members = membersOf(fixture)
  const known: (View | undefined)[] = []
  const started: StartedAuthority[] = []
  for (const [index, kind] of fixture.kinds.entries()) {
    const host = hostOf(index, fixture, members, () => known[index])
    const authority = await kind.start(host)
    t.after(() => authority.stop())
    started.push(authority)
  }
  const learned = (index: number, view: View | undefined): void => {
    known[index] = view
  }
  const isSpread = fixture.kinds[0]?.founder === 'lowest'
  return { fixture, isSpread, started, first: started[0] as StartedAuthority, members, learned }
}

function hostOf(
  index: number,
  fixture: AuthorityFixture,
  members: readonly Member[],
  view: () => View | undefined,
): AuthorityHost {
  const self = members[index] as Member
  const { node: name, creation } = self
  const node = fixture.nodes?.[index] ?? ({ name, creation, logger: silentLogger } as Node)
  const peers = members.map((member) => member.node).filter((other) => other !== name)
  return { node, name: 'shop', self: () => self, view, peers: () => peers, isDead: () => false }
}

function membersOf({ kinds, nodes }: AuthorityFixture): Member[] {
  return kinds.map((_kind, index) => {
    const { name, creation } = nodes?.[index] ?? { name: `n${index}@127.0.0.1`, creation: 1 }
    return { node: name, creation, uid: `u${index}` }
  })
}

/** No two are the same: the last member exists only in this one. */
function viewOf(members: readonly Member[], epoch: number, process: number, serial = 0): View {
  const mark = { node: 'nobody@127.0.0.1', creation: 1, uid: `by-${process}-${serial}` }
  return { identity: 'identity', epoch, primary: `u${process}`, members: [...members, mark] }
}

function isUnknown(error: unknown): boolean {
  return error instanceof TablesError && error.code === 'AUTHORITY_UNKNOWN'
}

function newer(left: View | undefined, right: View | undefined): View | undefined {
  return (right?.epoch ?? 0) > (left?.epoch ?? 0) ? right : left
}
