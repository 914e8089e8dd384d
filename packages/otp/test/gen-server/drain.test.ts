import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { requirePeer } from '@tiebeam/testing'
import { type From, GenServer, type Later, serverRef } from '../../src/index.ts'
import { startPair, startWithPeer } from '../start.ts'

/** Holds calls open until it is told to answer them. */
class Desk extends GenServer {
  #waiting: From<string>[] = []
  override readonly calls = {
    quick: () => 'done',
    wait: (): Later<string> => this.later((from) => this.#waiting.push(from)),
    twice: (): Later<string> =>
      this.later((from) => {
        this.reply(from, 'at once')
      }),
    answerAll: () => {
      for (const from of this.#waiting.splice(0)) this.reply(from, 'answered')
      return 'all'
    },
  }
}

async function settled(promise: Promise<unknown>): Promise<boolean> {
  return Promise.race([promise.then(() => true), sleep(50, false)])
}

test('a draining server refuses calls of other nodes, and is drained when those before are answered', async (t) => {
  const { node, peer } = await startPair(t)
  const here = await Desk.start(node, { name: 'desk' })
  const there = serverRef<Desk>(peer, { name: 'desk', node: node.name })
  assert.equal(await there.call('twice'), 'at once')
  const waiting = there.call('wait')
  assert.equal(await there.call('quick'), 'done')

  const drained = node.drain.begin()
  assert.equal(node.drain.begun, true)
  await assert.rejects(there.call('quick'), { code: 'DRAINING', message: /is leaving.*Nothing was done/ })
  assert.equal(await settled(drained), false)
  // Work that is under way may need it.
  assert.equal(await here.call('quick'), 'done')

  assert.equal(await here.call('answerAll'), 'all')
  assert.equal(await waiting, 'answered')
  await drained
  await node.drain.begin()
})

test('calls that wait in the mailbox when the drain begins are served', async (t) => {
  const { node, peer } = await startPair(t)
  let release = (): void => {}
  class Slow extends GenServer {
    override readonly calls = {
      block: () =>
        new Promise<string>((resolve) => {
          release = () => resolve('unblocked')
        }),
      quick: () => 'done',
    }
  }
  await Slow.start(node, { name: 'slow' })
  const there = serverRef<Slow>(peer, { name: 'slow', node: node.name })
  const blocked = there.call('block')
  const queued = there.call('quick')
  // What was sent before has arrived when this has.
  await peer.ping(node.name)
  const drained = node.drain.begin()
  const late = assert.rejects(there.call('quick'), { code: 'DRAINING' })
  assert.equal(await settled(drained), false)
  release()
  assert.deepEqual(await Promise.all([blocked, queued]), ['unblocked', 'done'])
  await Promise.all([late, drained])
})

test('a server that ends, or that starts later, keeps no drain from its end', async (t) => {
  const { node, peer } = await startPair(t)
  const desk = await Desk.start(node, { name: 'desk' })
  const there = serverRef<Desk>(peer, { name: 'desk', node: node.name })
  const cut = assert.rejects(there.call('wait'), { code: 'SERVER_EXITED' })
  assert.equal(await there.call('quick'), 'done')
  const drained = node.drain.begin()
  assert.equal(await settled(drained), false)
  await desk.stop()
  await cut
  await drained
  await Desk.start(node, { name: 'later' })
  const later = serverRef<Desk>(peer, { name: 'later', node: node.name })
  await assert.rejects(later.call('quick'), { code: 'DRAINING' })
})

test('callers in Erlang and Elixir see the refusal as an error tuple', async (t) => {
  if (!requirePeer(t, 'elixir')) return
  const { node, erl } = await startWithPeer(t, 'elixir')
  await Desk.start(node, { name: 'desk' })
  await node.drain.begin()
  assert.equal(
    await erl.evaluateElixir(`GenServer.call({:desk, :"${node.name}"}, :quick)`),
    `{:error, {:draining, :"${node.name}"}}`,
  )
})
