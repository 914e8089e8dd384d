import assert from 'node:assert/strict'
import { test } from 'node:test'
import { members, type StartedAuthority, type View } from '@tiebeam/tables'
import { TestCluster } from '../../node/cluster.ts'
import { codeIs } from '../alone.ts'

test('one that begins anew in the same process does not vote as the one before, whose promises are gone', async (t) => {
  const cluster = await TestCluster.create(t)
  const nodes = [await cluster.startNode(1), await cluster.startNode(2), await cluster.startNode(3)]
  for (const node of nodes.slice(1)) for (const other of nodes) if (node !== other) await node.connect(other.name)
  const kind = members({ answerMs: 500 })
  const list = nodes.map(({ name, creation }, index) => ({ node: name, creation, uid: `u${index}` }))
  const base: View = { identity: 'identity', epoch: 1, primary: 'u0', members: list }
  const start = async (index: number): Promise<StartedAuthority> => {
    const [node, self] = [nodes[index], list[index]]
    assert.ok(node !== undefined && self !== undefined)
    const peers = nodes.map(({ name }) => name).filter((name) => name !== node.name)
    const authority = await kind.start({
      ...{ node, name: 'shop', self: () => self },
      ...{ view: () => base, peers: () => peers, isDead: () => false },
    })
    t.after(() => authority.stop())
    return authority
  }
  const voters = [await start(0), await start(1)]
  assert.equal((await voters[0]?.install({ ...base, epoch: 2 }, 1))?.type, 'installed')
  for (const voter of voters) await voter.stop()

  // Of those who decided on epoch 2 one begins anew, and the third has not heard of it.
  await start(1)
  const third = await start(2)
  await assert.rejects(third.install({ ...base, epoch: 2, primary: 'u2' }, 1), codeIs('AUTHORITY_UNKNOWN', /1 are/))
})
