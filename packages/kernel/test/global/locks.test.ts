/** Locks and transactions, shared with real OTP nodes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atom, type Pid } from '@tiebeam/distribution'
import { type Erl, requirePeer, waitFor } from '@tiebeam/testing'
import { join, meshed, World } from './world.ts'

const resource = atom('resource')

test('a lock that one side holds is refused to the other, and free when it is deleted', async (t) => {
  if (!requirePeer(t, 'erl', 'epmd')) return
  const world = await World.create(t)
  const { node, names } = await world.tiebeam('b')
  const erl = await world.otp('a')
  await join(erl, node.name)
  const lock = { resource, requester: 'us' }

  assert.equal(await names.setLock(lock), true)
  assert.equal(await names.setLock(lock), true, 'it may be set again by its owner')
  assert.equal(await erl.evaluate('global:set_lock({resource, self()}, [node() | nodes()], 0)'), 'false')
  assert.equal(
    await erl.evaluate('global:set_lock({resource, <<"us">>}, [node() | nodes()], 0)'),
    'true',
    'it is shared',
  )
  await names.deleteLock(lock)
  assert.equal(await names.setLock({ resource, requester: 'others' }, { retries: 0 }), false)
  assert.equal(await erl.evaluate('global:del_lock({resource, <<"us">>})'), 'true')
  assert.equal(await names.setLock({ resource, requester: 'others' }, { retries: 0 }), true)
  assert.equal(names.stats().locks, 1)
  assert.equal(await names.setLock({ resource: 'another' }, { retries: 0, nodes: [node.name] }), true)
  assert.equal(
    await erl.evaluate('global:set_lock({<<"another">>, self()}, [node()], 0)'),
    'true',
    'it was set here only',
  )
})

test('a lock ends with the process that holds it, and with its node', async (t) => {
  if (!requirePeer(t, 'erl', 'epmd')) return
  const world = await World.create(t)
  const { node, names } = await world.tiebeam('b')
  const erl = await world.otp('a')
  await join(erl, node.name)
  const owner = node.spawn(async (self) => {
    await self.receive()
  })
  assert.equal(await names.setLock({ resource }, { owner }), true)
  assert.equal(await erl.evaluate('global:set_lock({resource, self()}, [node() | nodes()], 0)'), 'false')
  await erl.evaluate('global:register_name(theirs, self())')
  const theirs = names.whereisName(atom('theirs')) as Pid
  await assert.rejects(names.setLock({ resource }, { owner: theirs }), { code: 'OPTION_INVALID' })
  node.send(owner, 'end')
  await waitFor(
    async () => (await erl.evaluate('global:set_lock({resource, self()}, [node() | nodes()], 0)')) === 'true',
  )
  assert.equal(await names.setLock({ resource }, { retries: 0 }), false)
  const waiting = names.setLock({ resource })
  await erl.kill()
  assert.equal(await waiting, true, 'whoever waits gets the lock of a node that died')
})

test('a transaction gives what its body gives, and releases the lock whatever happens', async (t) => {
  if (!requirePeer(t, 'erl', 'epmd')) return
  const world = await World.create(t)
  const { node, names } = await world.tiebeam('b')
  const erl = await world.otp('a')
  await join(erl, node.name)
  const inside = async (): Promise<string> =>
    erl.evaluate('global:trans({resource, self()}, fun() -> ok end, [node() | nodes()], 0)')
  assert.equal(await names.trans(resource, inside), 'aborted')
  await assert.rejects(
    names.trans(resource, () => {
      throw new Error('thrown')
    }),
    /thrown/,
  )
  assert.equal(await inside(), 'ok')
  await erl.evaluate('global:set_lock({resource, self()})')
  await assert.rejects(
    names.trans(resource, () => 1, { retries: 1 }),
    { code: 'LOCK_REFUSED' },
  )
})

test('transactions of several nodes of both kinds lose no increment of a counter', async (t) => {
  if (!requirePeer(t, 'erl', 'epmd')) return
  const world = await World.create(t)
  const [first, second] = [await world.tiebeam('b'), await world.tiebeam('d')]
  const [one, two] = [await world.otp('a'), await world.otp('c')]
  for (const name of [first.node.name, second.node.name, two.name]) await join(one, name)
  await meshed([one, two], [first, second])
  // A counter that is read, and written later: two at the same time would write the same.
  let counter = 0
  const increment = async (): Promise<void> => {
    const read = counter
    await new Promise((resolve) => setTimeout(resolve, 5))
    counter = read + 1
  }
  first.node.spawn(
    async (self) => {
      for await (const message of self) {
        const [from, add] = (message as { elements: [never, number] }).elements
        if (add === 1) await increment()
        self.send(from, atom('done'))
      }
    },
    { name: 'counter' },
  )
  const body = `fun() -> {counter, '${first.node.name}'} ! {self(), 1}, receive done -> ok end end`
  const rounds = 4
  const byOtp = async (erl: Erl): Promise<void> => {
    await erl.evaluate(`[ok = global:trans({resource, self()}, ${body}) || _ <- lists:seq(1, ${rounds})]`)
  }
  const byTiebeam = async ({ names }: typeof first): Promise<void> => {
    for (let round = 0; round < rounds; round++) await names.trans(resource, increment)
  }
  await Promise.all([byOtp(one), byOtp(two), byTiebeam(first), byTiebeam(second)])
  assert.equal(counter, 4 * rounds)
})
