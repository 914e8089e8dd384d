/** What nodes do about each other when connections are lost, or closed on purpose. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Node } from '@tiebeam/distribution'
import { type Erl, requirePeer, type Scope, waitFor } from '@tiebeam/testing'
import { join, type Member, meshed, World } from './world.ts'

type Otp = Erl & { readonly name: string }

interface Mesh {
  readonly world: World
  readonly one: Otp
  readonly two: Otp
  readonly first: Member
  readonly second: Member
}

/** Two OTP and two Tiebeam nodes, all connected to all. */
async function createMesh(t: Scope, args: readonly string[] = [], prevent = true): Promise<Mesh> {
  const world = await World.create(t)
  const names = { preventOverlappingPartitions: prevent }
  const [first, second] = [await world.tiebeam('b', { names }), await world.tiebeam('d', { names })]
  const [one, two] = [await world.otp('a', args), await world.otp('c', args)]
  for (const name of [first.node.name, second.node.name, two.name]) await join(one, name)
  await meshed([one, two], [first, second])
  return { world, one, two, first, second }
}

const nodesOf = async (erl: Erl): Promise<string[]> =>
  (await erl.evaluate('lists:sort(nodes())'))
    .replace(/[[\]']/g, '')
    .split(',')
    .filter((name) => name !== '')

const sorted = (names: readonly string[]): string[] => [...names].sort()

test('a node that stops leaves all others connected to each other', async (t) => {
  if (!requirePeer(t, 'erl', 'epmd')) return
  const { one, two, first, second } = await createMesh(t)
  await first.names.registerName('mine', first.node.pid)
  await second.node.stop()
  await first.names.disconnect()
  await waitFor(async () => (await nodesOf(one)).length === 1 && (await nodesOf(two)).length === 1)
  // Long enough for any report of a lost connection.
  await sleep(500)
  assert.deepEqual([await nodesOf(one), await nodesOf(two)], [[two.name], [one.name]])
  assert.equal(await one.evaluate('global:whereis_name(<<"mine">>)'), 'undefined')
})

test('a node that stops with names and locks gives them up', async (t) => {
  if (!requirePeer(t, 'erl', 'epmd')) return
  const { one, two, first, second } = await createMesh(t)
  await first.names.registerName(
    'mine',
    first.node.spawn((self) => self.receive()),
  )
  await first.names.setLock({ resource: 'mine' })
  await first.node.stop()
  for (const erl of [one, two]) {
    await waitFor(async () => (await erl.evaluate('global:registered_names()')) === '[]')
    await waitFor(async () => (await erl.evaluate('global:set_lock({<<"mine">>, self()}, [node()], 0)')) === 'true')
  }
  await waitFor(() => second.names.stats().names === 0)
  assert.deepEqual(sorted(await nodesOf(one)), sorted([two.name, second.node.name]))
})

test('when two nodes lose each other, all others drop the one that is reported first, as OTP nodes do', async (t) => {
  if (!requirePeer(t, 'erl', 'epmd')) return
  const { one, two, first, second } = await createMesh(t)
  // Of OTP and ours: both report, and so both may be dropped by the rest; none is connected to a part of the rest.
  await one.evaluate(`erlang:disconnect_node('${first.node.name}')`)
  await waitFor(async () => {
    const rest = [await nodesOf(two), second.node.nodes()]
    const [sawOne, sawFirst] = [one.name, first.node.name].map((name) => rest.map((nodes) => nodes.includes(name)))
    return sawOne?.[0] === sawOne?.[1] && sawFirst?.[0] === sawFirst?.[1] && !(sawOne?.[0] && sawFirst?.[0])
  })
  assert.ok((await nodesOf(two)).includes(second.node.name))
  for (const name of [first.node.name, second.node.name, two.name]) await join(one, name)
  await second.node.connect(first.node.name)
  await meshed([one, two], [first, second])
})

test('without the prevention of overlapping partitions, two nodes lose each other and nobody else', async (t) => {
  if (!requirePeer(t, 'erl', 'epmd')) return
  const args = ['-kernel', 'prevent_overlapping_partitions', 'false']
  const { one, two, first, second } = await createMesh(t, args, false)
  await one.evaluate(`erlang:disconnect_node('${first.node.name}')`)
  await waitFor(() => !first.node.nodes().includes(one.name))
  await sleep(500)
  assert.deepEqual(sorted(await nodesOf(one)), sorted([two.name, second.node.name]))
  assert.deepEqual(sorted(first.node.nodes()), sorted([two.name, second.node.name]))
})

test('with connect_all off on all nodes, a node connects only to whom it dials', async (t) => {
  if (!requirePeer(t, 'erl', 'epmd')) return
  const world = await World.create(t)
  const [first, second] = [
    await world.tiebeam('b', { names: { connectAll: false } }),
    await world.tiebeam('c', { names: { connectAll: false } }),
  ]
  const one = await world.otp('a', ['-connect_all', 'false'])
  for (const { node } of [first, second]) await node.connect(one.name)
  // A node of OTP counts a link some moments after it has said that it stands.
  await waitFor(async () => (await nodesOf(one)).length === 2)
  await sleep(500)
  assert.deepEqual(sorted(await nodesOf(one)), sorted([first.node.name, second.node.name]))
  assert.deepEqual(first.node.nodes(), [one.name])
  assert.deepEqual(first.names.stats().known, [])
  await first.names.setLock({ resource: 'r' })
  assert.equal(await one.evaluate('global:set_lock({<<"r">>, self()}, [node()], 0)'), 'false', 'locks need no mesh')
})

test('a hidden node, and one without global names, take no part and disturb nobody', async (t) => {
  if (!requirePeer(t, 'erl', 'epmd')) return
  const world = await World.create(t)
  const member = await world.tiebeam('b')
  const hidden = await world.tiebeam('c', { node: { hidden: true } })
  const plain = await world.tiebeam('d', { node: { services: [] } })
  const one = await world.otp('a')
  await join(one, member.node.name)
  for (const { node } of [hidden, plain]) {
    await node.connect(one.name)
    await node.connect(member.node.name)
  }
  assert.ok(plain.node instanceof Node)
  assert.deepEqual(await nodesOf(one), [member.node.name])
  assert.deepEqual(member.names.stats().known, [one.name])
  assert.equal(await one.evaluate('global:register_name(n, self())'), 'yes')
  assert.deepEqual(hidden.names.registeredNames(), [])
  await member.names.sync({ timeoutMs: 60_000 })
  assert.equal(await one.evaluate('global:sync()'), 'ok')
  await one.evaluate(`erlang:disconnect_node('${plain.node.name}')`)
  await sleep(300)
  assert.deepEqual(await nodesOf(one), [member.node.name])
})
