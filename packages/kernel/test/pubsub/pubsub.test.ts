/** Against an Elixir node with real `pg` scopes, in which processes do on the wire what Phoenix.PubSub does. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { atom, atomKeys, type Node, Pid, tuple } from '@tiebeam/distribution'
import { type Erl, RecordingLogger, requirePeer, type Scope, waitFor } from '@tiebeam/testing'
import { Groups, PUBSUB_SCOPE, PubSub, type PubSubInit } from '../../src/index.ts'
import { Site } from '../groups/site.ts'

const phoenix = readFileSync(new URL('../../../test/pubsub/phoenix.ex', import.meta.url), 'utf8')

interface Shop {
  readonly node: Node
  readonly elixir: Erl
  readonly pubsub: PubSub
}

/** A node of ours and one of Elixir, which know of each other's `Shop.PubSub`. */
async function startShop(t: Scope, init: Partial<PubSubInit> = {}): Promise<Shop> {
  const site = await Site.create(t)
  const node = await site.node('ours')
  const elixir = await site.elixir('theirs')
  await elixir.evaluateElixir(`Code.compile_string(${JSON.stringify(phoenix).replaceAll('#{', '\\#{')}); :ok`)
  await elixir.evaluateElixir(`Phoenix.PubSub.start(Shop.PubSub, ${init.poolSize ?? 1})`)
  const pubsub = await startPubSub(t, node, { name: 'Shop.PubSub', ...init })
  await node.connect(elixir.name as string)
  const groups = (init.poolSize ?? 1) === 1 ? ['Adapter'] : ['Adapter', 'Adapter_2', 'Adapter_3']
  const known = `Enum.map([${groups.map((group) => `:"Elixir.Shop.PubSub.${group}"`)}], &length(:pg.get_members(Phoenix.PubSub, &1)))`
  await waitFor(async () => (await elixir.evaluateElixir(known)) === `[${groups.map(() => 2).join(', ')}]`)
  return { node, elixir, pubsub }
}

async function startPubSub(t: Scope, node: Node, init: PubSubInit): Promise<PubSub> {
  const pubsub = await PubSub.start(node, init)
  t.after(() => pubsub.stop())
  return pubsub
}

/** A process that keeps what it receives. */
function listener(node: Node): { readonly pid: Pid; readonly messages: unknown[] } {
  const messages: unknown[] = []
  const pid = node.spawn(async (self) => {
    for await (const message of self) messages.push(message)
  })
  return { pid, messages }
}

test('what Elixir publishes reaches subscribed processes and functions, and nobody else', async (t) => {
  if (!requirePeer(t, 'elixir')) return
  const { node, elixir, pubsub } = await startShop(t)
  const [process, other] = [listener(node), listener(node)]
  const called: unknown[] = []
  pubsub.subscribe('orders', process.pid)
  pubsub.subscribe('orders', (message, topic) => called.push([topic, message]))
  pubsub.subscribe('other', other.pid)
  await elixir.evaluateElixir('Phoenix.PubSub.broadcast(Shop.PubSub, "orders", {:placed, %{id: 7, article: "tea"}})')
  await elixir.evaluateElixir(`Phoenix.PubSub.direct_broadcast(:"${node.name}", Shop.PubSub, "orders", :direct)`)
  await waitFor(() => process.messages.length === 2 && called.length === 2)
  const placed = tuple(
    atom('placed'),
    new Map<unknown, unknown>([
      [atom('article'), 'tea'],
      [atom('id'), 7],
    ]),
  )
  assert.deepEqual(String(process.messages[0]), String(placed))
  assert.equal(process.messages[1], atom('direct'))
  assert.deepEqual(
    called.map((each) => (each as unknown[])[0]),
    ['orders', 'orders'],
  )
  assert.deepEqual(other.messages, [])
})

test('what is published here reaches the subscribers on all nodes, in order', async (t) => {
  if (!requirePeer(t, 'elixir')) return
  const { node, elixir, pubsub } = await startShop(t)
  await elixir.evaluateElixir('pid = Listener.start(Shop.PubSub, "orders")')
  const heard = () => elixir.evaluateElixir('Listener.heard(pid)')
  const [one, two] = [listener(node), listener(node)]
  pubsub.subscribe('orders', one.pid)
  pubsub.subscribe('orders', two.pid)
  pubsub.broadcast('orders', tuple(atom('placed'), { id: 7 }))
  pubsub.broadcastFrom(one.pid, 'orders', 'from one')
  pubsub.localBroadcast('orders', 'only here')
  pubsub.localBroadcastFrom(two.pid, 'orders', 'from two')
  pubsub.directBroadcast(elixir.name as string, 'orders', 'only there')
  pubsub.broadcast('nobody', 'lost')
  await waitFor(() => two.messages.length === 3 && one.messages.length === 3)
  assert.deepEqual(one.messages.slice(1), ['only here', 'from two'])
  assert.deepEqual(two.messages.slice(1), ['from one', 'only here'])
  const expected = '[{:placed, %{"id" => 7}}, "from one", "only there"]'
  await waitFor(async () => (await heard()) === expected, { what: expected })
})

test('a broadcast to Phoenix channels takes their dispatcher, and reaches their clients', async (t) => {
  if (!requirePeer(t, 'elixir')) return
  const { elixir, pubsub } = await startShop(t)
  await elixir.evaluateElixir('client = Listener.start(Shop.PubSub, "nothing")')
  await elixir.evaluateElixir('Listener.start(Shop.PubSub, "room:lobby", {:fastlane, client})')
  const broadcast = atomKeys({
    __struct__: atom('Elixir.Phoenix.Socket.Broadcast'),
    topic: 'room:lobby',
    event: 'shout',
    payload: { body: 'hello' },
  })
  pubsub.broadcast('room:lobby', broadcast, { dispatcher: 'Phoenix.Channel.Server' })
  const expected = '[{:push, "shout", %{"body" => "hello"}}]'
  await waitFor(async () => (await elixir.evaluateElixir('Listener.heard(client)')) === expected, { what: expected })
})

test('a pool of workers: all are listened to, and each publisher keeps its order', async (t) => {
  if (!requirePeer(t, 'elixir')) return
  const { node, elixir, pubsub } = await startShop(t, { poolSize: 3 })
  const process = listener(node)
  pubsub.subscribe('orders', process.pid)
  await elixir.evaluateElixir('for n <- 1..30, do: spawn(fn -> Phoenix.PubSub.broadcast(Shop.PubSub, "orders", n) end)')
  await waitFor(() => process.messages.length === 30)
  assert.equal(new Set(process.messages).size, 30)

  await elixir.evaluateElixir('pid = Listener.start(Shop.PubSub, "orders")')
  for (let publisher = 0; publisher < 10; publisher++) {
    const { pid } = listener(node)
    for (let number = 0; number < 10; number++) pubsub.broadcastFrom(pid, 'orders', [publisher, number])
  }
  const inOrder = 'Listener.heard(pid) |> Enum.group_by(&hd/1, &List.last/1) |> Map.values() |> Enum.uniq()'
  const expected = `[${JSON.stringify([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]).replaceAll(',', ', ')}]`
  await waitFor(async () => (await elixir.evaluateElixir(inOrder)) === expected, { what: expected })
})

test('a subscription ends with its process, by unsubscribing, and with the PubSub', async (t) => {
  const site = await Site.create(t)
  const node = await site.node('a')
  const pubsub = await startPubSub(t, node, { name: 'Shop.PubSub' })
  const [ends, stays] = [listener(node), listener(node)]
  const called: unknown[] = []
  const call = (message: unknown) => called.push(message)
  pubsub.subscribe('a', ends.pid)
  pubsub.subscribe('b', ends.pid)
  pubsub.subscribe('a', stays.pid)
  pubsub.subscribe('a', stays.pid)
  pubsub.subscribe('a', call)
  pubsub.broadcast('a', 1)
  await waitFor(() => stays.messages.length === 2)
  assert.deepEqual([ends.messages, stays.messages, called], [[1], [1, 1], [1]])
  const { monitors } = node.stats()
  node.exit(ends.pid, atom('kill'))
  await waitFor(() => node.stats().monitors < monitors, { what: 'the end of the subscriber to be noticed' })
  pubsub.unsubscribe('a', call)
  pubsub.broadcast('a', 2)
  pubsub.unsubscribe('a', stays.pid)
  pubsub.broadcast('a', 3)
  await waitFor(() => stays.messages.length === 4)
  assert.deepEqual([stays.messages, called], [[1, 1, 2, 2], [1]])
  const foreign = new Pid('other@127.0.0.1', 1, 0, 1)
  assert.throws(() => pubsub.subscribe('a', foreign), { code: 'NOT_LOCAL' })
  await pubsub.stop()
  assert.throws(() => pubsub.subscribe('a', call), { code: 'PUBSUB_STOPPED' })
  assert.throws(() => pubsub.broadcast('a', 4), { code: 'PUBSUB_STOPPED' })
  assert.deepEqual(node.registered(), [])
})

test('several PubSubs of one node share a scope, and each name has one', async (t) => {
  const site = await Site.create(t)
  const [a, b] = [await site.node('a'), await site.node('b')]
  const shared = await site.groups(a, { scope: PUBSUB_SCOPE })
  const one = await startPubSub(t, a, { name: 'One', groups: shared })
  const two = await startPubSub(t, a, { name: 'Two', groups: shared })
  const ofB = await startPubSub(t, b, { name: 'Two' })
  await a.connect(b.name)
  const got: unknown[] = []
  one.subscribe('topic', (message) => got.push(['one', message]))
  two.subscribe('topic', (message) => got.push(['two', message]))
  await waitFor(() => shared.members(atom('Elixir.Two.Adapter')).length === 2)
  ofB.broadcast('topic', 'hello')
  await waitFor(() => got.length === 1)
  assert.deepEqual(got, [['two', 'hello']])
  await assert.rejects(PubSub.start(a, { name: 'One', groups: shared }), { code: 'PUBSUB_TAKEN' })
  await assert.rejects(PubSub.start(a, { name: 'Three' }), { code: 'SCOPE_TAKEN' })
  await assert.rejects(PubSub.start(a, { name: 'Three', groups: await Groups.start(a) }), { code: 'OPTION_INVALID' })
  await assert.rejects(PubSub.start(b, { name: 'Three', poolSize: 0 }), { code: 'OPTION_INVALID' })
  await assert.rejects(PubSub.start(b, { name: 'Three', broadcastPoolSize: 2 }), { code: 'OPTION_INVALID' })
  await two.stop()
  assert.equal(shared.localMembers(atom('Elixir.Two.Adapter')).length, 0)
  assert.equal(shared.localMembers(atom('Elixir.One.Adapter')).length, 1)
})

test('a worker that is killed is replaced, malformed messages are logged once, and a function that throws harms nobody', async (t) => {
  const site = await Site.create(t)
  const logger = new RecordingLogger()
  const [a, b] = [await site.node('a'), await site.node('b')]
  const ofA = await startPubSub(t, a, { name: 'Shop.PubSub', logger })
  const ofB = await startPubSub(t, b, { name: 'Shop.PubSub' })
  await a.connect(b.name)
  const got: unknown[] = []
  const subscriber = listener(a)
  ofA.subscribe('topic', () => {
    throw new Error('on purpose')
  })
  ofA.subscribe('topic', (message) => got.push(message))
  ofA.subscribe('topic', subscriber.pid)
  const worker = { name: 'Elixir.Shop.PubSub.Adapter', node: a.name }
  for (const bad of [
    'text',
    tuple(),
    tuple(atom('forward_to_local'), 1, 2, atom('x')),
    tuple(atom('forward_to_local')),
  ]) {
    b.send(worker, bad)
  }
  b.exit(a.whereis(worker.name) as Pid, atom('shutdown'))
  b.exit(a.whereis(worker.name) as Pid, atom('kill'))
  await waitFor(() => {
    ofB.broadcast('topic', 'hello')
    return got.length > 0 && subscriber.messages.length > 0
  })
  assert.equal(logger.matching(/^warn.*not published/).length, 1)
  assert.ok(logger.matching(/^error.*subscribed function threw/).length > 0)
  const count = got.length
  a.exit(subscriber.pid, atom('kill'))
  await waitFor(() => {
    ofA.broadcast('topic', 'again')
    return got.length > count
  })
})
