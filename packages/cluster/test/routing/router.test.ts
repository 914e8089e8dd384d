/** Calls between real nodes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { atom, tuple } from '@tiebeam/distribution'
import { GenServer } from '@tiebeam/otp'
import { requirePeer, waitFor } from '@tiebeam/testing'
import { Cluster, Router } from '../../src/index.ts'
import { FakeNode } from '../fake-node.ts'
import { type Member, Site, seeMembers, startEcho } from './site.ts'

const group = 'echoes'

async function three(t: Parameters<typeof Site.create>[0]): Promise<[Member, Member, Member]> {
  const site = await Site.create(t)
  const all: [Member, Member, Member] = [await site.member(), await site.member(), await site.member()]
  return all
}

test('calls without a key go to all members in turn, those with a key to one that all nodes agree on', async (t) => {
  const all = await three(t)
  for (const member of all) await startEcho(member, group)
  await seeMembers(all, group, 3)
  const answers = new Set<string>()
  for (let n = 0; n < 9; n++) answers.add(await all[0].cluster.call<string>(group, 'hello'))
  assert.equal(answers.size, 3)
  for (const key of ['a', 'b', 7, 8n]) {
    const chosen = await Promise.all(all.map(({ cluster }) => cluster.call(group, 'hello', { key })))
    assert.equal(new Set(chosen).size, 1)
  }
})

test('calls at the same time go to whoever has the fewest of them', async (t) => {
  const [caller, left, right] = await three(t)
  const slow = await startEcho(left, group)
  await seeMembers([caller], group, 1)
  const waiting = caller.cluster.call(group, atom('later'))
  await waitFor(() => slow.waiting.length === 1)
  await startEcho(right, group)
  await seeMembers([caller], group, 2)
  for (let n = 0; n < 5; n++) assert.equal(await caller.cluster.call(group, 'hello'), right.node.name)
  slow.answer('done')
  assert.equal(await waiting, 'done')
})

test('a call waits for the first member, and one in vain says what to do', async (t) => {
  const [caller, other] = await three(t)
  const answer = caller.cluster.call(group, 'hello')
  await sleep(20)
  await startEcho(other, group)
  assert.equal(await answer, other.node.name)
  await assert.rejects(caller.cluster.call('nobody', 'hello', { timeoutMs: 30 }), {
    code: 'NO_MEMBER',
    message: /'nobody' had no member within 30 ms/,
  })
})

test('an error that the server replies is the answer, and is not asked for elsewhere', async (t) => {
  const [caller, left, right] = await three(t)
  const echoes = [await startEcho(left, group), await startEcho(right, group)]
  await seeMembers([caller], group, 2)
  const answer = await caller.cluster.call(group, atom('error'), { idempotent: true })
  assert.deepEqual(answer, tuple(atom('error'), atom('sold_out')))
  assert.equal(echoes.flatMap(({ seen }) => seen).length, 1)
})

test('a call that is cut has an unknown outcome; when it is idempotent, another member does it', async (t) => {
  const [caller, left, right] = await three(t)
  const slow = await startEcho(left, group)
  await seeMembers([caller], group, 1)
  const once = assert.rejects(caller.cluster.call(group, atom('later')), {
    code: 'OUTCOME_UNKNOWN',
    message: /may have been done or not\. Find out before you call again/,
  })
  const again = caller.cluster.call(group, atom('later'), { idempotent: true })
  await waitFor(() => slow.waiting.length === 2)
  const other = await startEcho(right, group)
  await left.node.stop()
  await once
  await waitFor(() => other.waiting.length === 1)
  other.answer('done')
  assert.equal(await again, 'done')
  assert.equal(other.seen.length, 1)
})

test('a call that ends its server is made again only if it is idempotent, and no more often than attemptsMax', async (t) => {
  const [caller, left, right] = await three(t)
  await startEcho(left, group)
  await startEcho(right, group)
  await seeMembers([caller], group, 2)
  const crash = (idempotent: boolean) =>
    assert.rejects(caller.cluster.call(group, atom('crash'), { idempotent, attemptsMax: 1 }), {
      code: 'OUTCOME_UNKNOWN',
    })
  await crash(false)
  await seeMembers([caller], group, 1)
  await crash(true)
})

test('a call after its time is over has an unknown outcome, and one that is given up rejects at once', async (t) => {
  const [caller, other] = await three(t)
  const slow = await startEcho(other, group)
  await seeMembers([caller], group, 1)
  await assert.rejects(caller.cluster.call(group, atom('later'), { timeoutMs: 30 }), { code: 'OUTCOME_UNKNOWN' })
  const reason = new Error('the client has gone')
  const abort = new AbortController()
  const inFlight = assert.rejects(caller.cluster.call(group, atom('later'), { signal: abort.signal }), reason)
  const waiting = assert.rejects(caller.cluster.call('nobody', 'hello', { signal: abort.signal }), reason)
  await waitFor(() => slow.waiting.length === 2)
  abort.abort(reason)
  await Promise.all([inFlight, waiting])
  await assert.rejects(caller.cluster.call(group, 'hello', { signal: abort.signal }), reason)
})

test('a member that is full is passed over, and it alone is waited for', async (t) => {
  const site = await Site.create(t)
  const caller = await site.member({ outputBytesMax: 100_000 })
  const [left, right] = [await site.member(), await site.member()]
  await startEcho(left, group)
  await startEcho(right, group)
  await seeMembers([caller], group, 2)
  const [first] = caller.groups.members(group)
  const big = 'x'.repeat(60_000)
  const fill = (): void => {
    for (;;) caller.node.send(first as never, big)
  }
  assert.throws(fill, { code: 'OUTPUT_FULL' })
  const answers = await Promise.all([1, 2].map(() => caller.cluster.call<string>(group, big)))
  assert.equal(answers.length, 2)
})

test('a GenServer in Elixir is a member like any other', async (t) => {
  if (!requirePeer(t, 'elixir')) return
  const site = await Site.create(t)
  const caller = await site.member()
  const elixir = await site.elixir()
  await elixir.evaluateElixir(
    `
    defmodule Shop do
      use GenServer
      def init(_), do: {:ok, nil, {:continue, :join}}
      def handle_continue(:join, s), do: (:pg.join("shops", self()); {:noreply, s})
      def handle_call({:price, what}, _from, s), do: {:reply, {:ok, what, 4}, s}
    end
    :pg.start_link()
    GenServer.start(Shop, nil)
    :ok`,
    { process: 'shop' },
  )
  const price = await caller.cluster.call('shops', tuple(atom('price'), 'tea'), { key: 'tea' })
  assert.deepEqual(price, tuple(atom('ok'), 'tea', 4))
  await elixir.kill()
  await waitFor(() => caller.groups.members('shops').length === 0)
})

test('servers of one class in a group are called with their types', async (t) => {
  const [caller, other] = await three(t)
  class Prices extends GenServer {
    override readonly calls = { price: (article: string) => article.length, where: () => other.node.name }
    override init(): void {
      other.groups.join('prices', this.self.pid)
    }
  }
  await Prices.start(other.node)
  const prices = caller.cluster.group<Prices>('prices', { timeoutMs: 30_000 })
  const price: number = await prices.call('price', 'tea')
  assert.equal(price, 3)
  assert.equal(await prices.with({ key: 'tea', idempotent: true }).call('where'), other.node.name)
  // @ts-expect-error an article is a text
  void (() => prices.call('price', 7))
  await assert.rejects(prices.call('cost' as never), {
    code: 'UNKNOWN_CALL',
    message: /A member of the group 'prices' knows no call cost/,
  })
})

test('wrong options are refused with a message that names them, and a cluster without groups says so', async (t) => {
  const [{ cluster, groups }] = await three(t)
  const router = new Router(groups)
  for (const [init, message] of [
    [{ timeoutMs: 0 }, /timeoutMs is 0/],
    [{ attemptsMax: 1.5 }, /attemptsMax is 1.5/],
    [{ key: {} }, /key is object/],
  ] as const) {
    await assert.rejects(router.call(group, 'hello', init as never), { code: 'OPTION_INVALID', message })
    await assert.rejects(cluster.call(group, 'hello', init as never), { code: 'OPTION_INVALID', message })
  }
  const without = await Cluster.start(new FakeNode('app@10.0.0.1'), { topologies: {} })
  t.after(() => without.stop())
  await assert.rejects(without.call(group, 'hello'), { code: 'OPTION_INVALID', message: /needs process groups/ })
})
