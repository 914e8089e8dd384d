import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Node } from '@tiebeam/distribution'
import { type Member, members, type StartedAuthority, type View } from '@tiebeam/tables'
import type { Scope } from '@tiebeam/testing'
import { TestCluster } from '../../node/cluster.ts'
import { codeIs } from '../alone.ts'

interface Three {
  readonly members: readonly Member[]
  /** Of three members, in epoch 1. */
  readonly base: View
  start(index: number, as?: () => Member, view?: View): Promise<StartedAuthority>
}

async function threeNodes(t: Scope): Promise<Three> {
  const cluster = await TestCluster.create(t)
  const nodes = [await cluster.startNode(1), await cluster.startNode(2), await cluster.startNode(3)]
  for (const node of nodes.slice(1)) for (const other of nodes) if (node !== other) await node.connect(other.name)
  const kind = members({ answerMs: 500 })
  const list = nodes.map(({ name, creation }, index) => ({ node: name, creation, uid: `u${index}` }))
  const base: View = { identity: 'identity', epoch: 1, primary: 'u0', members: list }
  return {
    members: list,
    base,
    start: async (index, as = () => list[index] as Member, view = base) => {
      const node = nodes[index] as Node
      const peers = nodes.map(({ name }) => name).filter((name) => name !== node.name)
      const authority = await kind.start({
        ...{ node, name: 'shop', self: as },
        ...{ view: () => view, peers: () => peers, isDead: () => false },
      })
      t.after(() => authority.stop())
      return authority
    },
  }
}

test('one that begins anew in the same process does not vote as the one before, whose promises are gone', async (t) => {
  const { base, start } = await threeNodes(t)
  const voters = [await start(0), await start(1)]
  assert.equal((await voters[0]?.install({ ...base, epoch: 2 }, 1))?.type, 'installed')
  for (const voter of voters) await voter.stop()

  // Of those who decided on epoch 2 one begins anew, and the third has not heard of it.
  await start(1)
  const third = await start(2)
  await assert.rejects(third.install({ ...base, epoch: 2, primary: 'u2' }, 1), codeIs('AUTHORITY_UNKNOWN', /1 are/))
})

test('one that begins anew in the same process votes as the member that the process becomes', async (t) => {
  const { base, members: list, start } = await threeNodes(t)
  const [first, before, third] = list as [Member, Member, Member]
  let self = before
  const old = await start(1, () => self)
  await old.read().catch(() => {})
  self = { ...before, uid: 'u1 again' }
  // It becomes another member, and may be asked something as that, before its authority begins anew.
  const reading = old.read().catch(() => {})
  await old.stop()
  await reading
  const later: View = { ...base, epoch: 2, members: [first, self, third] }
  await start(1, () => self, later)
  const other = await start(0, undefined, later)
  // Two of three, the third being silent.
  assert.equal((await other.install({ ...later, epoch: 3 }, 2)).type, 'installed')
})
