/** What happens to output that cannot leave. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atom, EncodeError, type Tuple, tuple } from '@tiebeam/etf'
import { freePort, requirePeer, startErl, waitFor } from '@tiebeam/testing'
import { DistributionError } from '../src/errors.ts'
import { Down, Exit } from '../src/process/notices.ts'
import { Probe } from './peers/probe.ts'
import { cookie, freshName, startNode } from './peers/start-peer.ts'

const MEBIBYTE = 1024 * 1024

async function twoNodes(t: Parameters<typeof startNode>[0], init: Parameters<typeof startNode>[1] | object = {}) {
  const port = await freePort()
  const one = await startNode(t, { name: freshName('one'), epmd: { port }, ...init })
  const two = await startNode(t, { name: freshName('two'), epmd: { port }, ...init })
  await one.connect(two.name)
  return { one, two }
}

test('past outputBytesMax a send throws and queues nothing, until the output has drained', async (t) => {
  const { one, two } = await twoNodes(t, { outputBytesMax: MEBIBYTE })
  let received = 0
  two.spawn(
    async (self) => {
      for await (const _ of self) received += 1
    },
    { name: 'sink' },
  )
  let sent = 0
  for (let refusals = 0; refusals < 5; ) {
    try {
      one.send({ name: 'sink', node: two.name }, new Uint8Array(10_000))
      sent += 1
    } catch (error) {
      assert.ok(error instanceof DistributionError && error.code === 'OUTPUT_FULL', String(error))
      const { queuedBytes } = one.stats().links[0] ?? { queuedBytes: Number.NaN }
      assert.ok(queuedBytes <= MEBIBYTE && queuedBytes > MEBIBYTE - 20_000, `${queuedBytes} bytes are queued`)
      refusals += 1
      await one.drained(two.name)
      assert.ok((one.stats().links[0]?.queuedBytes ?? 0) <= MEBIBYTE / 4)
    }
  }
  await waitFor(() => received === sent)
  assert.equal(one.stats().links[0]?.queuedBytes, 0)
})

test('a message longer than outputBytesMax is taken when output is low, one longer than messageBytesMax never', async (t) => {
  const { one, two } = await twoNodes(t, { outputBytesMax: MEBIBYTE, messageBytesMax: 10 * MEBIBYTE })
  const received: number[] = []
  two.spawn(
    async (self) => {
      for await (const message of self) received.push((message as Uint8Array).length)
    },
    { name: 'sink' },
  )
  const sink = { name: 'sink', node: two.name }
  const long = new Uint8Array(5 * MEBIBYTE)
  for (let sent = 0; sent < 3; sent += 1) {
    one.send(sink, long)
    assert.throws(
      () => one.send(sink, long),
      (error) => error instanceof DistributionError && error.code === 'OUTPUT_FULL',
    )
    await one.drained(two.name)
  }
  await waitFor(() => received.length === 3)
  assert.throws(
    () => one.send(sink, new Uint8Array(11 * MEBIBYTE)),
    (error) => error instanceof DistributionError && error.code === 'MESSAGE_TOO_LARGE',
  )
  assert.deepEqual(received, [long.length, long.length, long.length])
})

test('what was refused fits when drained resolves', async (t) => {
  const { one, two } = await twoNodes(t, { outputBytesMax: 4 * MEBIBYTE })
  let received = 0
  two.spawn(
    async (self) => {
      for await (const _ of self) received += 1
    },
    { name: 'sink' },
  )
  const large = new Uint8Array(3.9 * MEBIBYTE)
  const full = (): boolean => {
    try {
      one.send({ name: 'sink', node: two.name }, large)
      return false
    } catch {
      return true
    }
  }
  for (let sent = 0; sent < 5; sent += 1) {
    for (let attempts = 0; full(); attempts += 1) {
      assert.ok(attempts < 1, 'drained resolved too early')
      await one.drained(two.name)
    }
  }
  await waitFor(() => received === 5)
})

test('a value without a term is an error with its path, and nothing of it is sent', async (t) => {
  const { one, two } = await twoNodes(t)
  const sink = new Promise<unknown>((resolve) => {
    two.spawn(async (self) => resolve(await self.receive()), { name: 'sink' })
  })
  assert.throws(
    () => one.send({ name: 'sink', node: two.name }, { deep: [1, { worse: () => {} }] }),
    (error) => error instanceof EncodeError && error.path.includes('worse'),
  )
  one.send({ name: 'sink', node: two.name }, 'fine')
  assert.equal(await sink, 'fine')
})

test('a reason without a term does not keep others from learning of the end', async (t) => {
  const { one, two } = await twoNodes(t)
  const probe = await Probe.start(two)
  const pid = one.spawn(async (self) => {
    await self.receive()
    throw { not: () => 'a term' }
  })
  const reference = probe.self.monitor(pid)
  probe.send(pid, 'go')
  const down = (await probe.next()) as Down
  assert.equal(down.reference.key, reference.key)
  assert.match(String(((down.reason as Tuple).at(0) as Tuple).at(1)), /not: \[Function/)
})

test('small messages overtake large ones of other processes, and none of their own', async (t) => {
  const { one, two } = await twoNodes(t)
  const order: string[] = []
  two.spawn(
    async (self) => {
      for await (const message of self) order.push((message as Tuple).at(0) as string)
    },
    { name: 'sink' },
  )
  const sink = { name: 'sink', node: two.name }
  const [bulk, small] = [await Probe.start(one), await Probe.start(one)]
  bulk.send(sink, tuple('large', new Uint8Array(20 * MEBIBYTE)))
  bulk.send(sink, tuple('after large'))
  small.send(sink, tuple('small'))
  await waitFor(() => order.length === 3)
  assert.deepEqual(order, ['small', 'large', 'after large'])
})

test('nodes that send each other much in their own names do not wait for each other', async (t) => {
  const { one, two } = await twoNodes(t)
  const received = { one: 0, two: 0 }
  for (const [name, node] of Object.entries({ one, two })) {
    node.spawn(
      async (self) => {
        for await (const _ of self) received[name as keyof typeof received] += 1
      },
      { name: 'sink' },
    )
  }
  for (let sent = 0; sent < 10; sent += 1) {
    one.send({ name: 'sink', node: two.name }, new Uint8Array(MEBIBYTE))
    two.send({ name: 'sink', node: one.name }, new Uint8Array(MEBIBYTE))
  }
  await waitFor(() => received.one === 10 && received.two === 10)
})

test('a peer that accepts nothing is dropped after stallMs', async (t) => {
  if (!requirePeer(t, 'erl')) return
  const epmd = { port: await freePort() }
  const node = await startNode(t, { name: freshName('subject'), epmd, stallMs: 1_000, outputBytesMax: 64 * MEBIBYTE })
  const erl = await startErl(t, { name: freshName('peer'), cookie, epmd })
  const peer = erl.name as string
  await node.connect(peer)
  const probe = await Probe.start(node)
  const reference = probe.self.monitor({ name: 'init', node: peer })
  const down = new Promise<string>((resolve) => node.once('nodedown', ({ reason }) => resolve(reason.code)))
  erl.suspend()
  // The buffers of both sockets take ten of them and more, and what is left then must be more than counts as drained, a quarter.
  for (let count = 0; count < 44; count += 1) node.send({ name: 'nobody', node: peer }, new Uint8Array(MEBIBYTE))
  const drained = assert.rejects(node.drained(peer), { code: 'PEER_STALLED' })
  assert.equal(await down, 'PEER_STALLED')
  await drained
  assert.deepEqual(await probe.next(), new Down(reference, { name: 'init', node: peer }, atom('noconnection')))
  erl.resume()
})

test('what is sent to an unconnected node leaves in order when the connection stands', async (t) => {
  const port = await freePort()
  const one = await startNode(t, { name: freshName('one'), epmd: { port } })
  const two = await startNode(t, { name: freshName('two'), epmd: { port } })
  const probe = await Probe.start(two)
  one.once('nodeup', () => one.send(probe.pid, 'from nodeup'))
  for (let number = 0; number < 1_000; number += 1) one.send(probe.pid, number)
  for (let number = 0; number < 1_000; number += 1) assert.equal(await probe.next(), number)
  assert.equal(await probe.next(), 'from nodeup')
})

test('what is sent to a node that cannot be reached is dropped, and its monitors and links fire', async (t) => {
  const node = await startNode(t, {
    name: freshName('one'),
    epmd: false,
    port: await freePort(),
    messageBytesMax: MEBIBYTE,
  })
  const nowhere = freshName('nobody')
  const probe = await Probe.start(node, { trapExit: true })
  const reference = probe.self.monitor({ name: 'someone', node: nowhere })
  probe.send({ name: 'someone', node: nowhere }, 'into the void')
  const { pid } = probe
  const theirs = Object.assign(Object.create(Object.getPrototypeOf(pid)), { ...pid, node: nowhere }) as typeof pid
  probe.self.link(theirs)
  assert.throws(
    () => probe.send({ name: 'someone', node: nowhere }, new Uint8Array(2 * MEBIBYTE)),
    (error) => error instanceof DistributionError && error.code === 'MESSAGE_TOO_LARGE',
  )
  const got = [await probe.next(), await probe.next()]
  assert.deepEqual(got.find((notice) => notice instanceof Down)?.reference.key, reference.key)
  assert.deepEqual(got.find((notice) => notice instanceof Exit)?.reason, atom('noconnection'))
})
