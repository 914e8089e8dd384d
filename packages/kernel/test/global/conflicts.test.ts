/** Two partitions that both have a name, and meet. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atom, type Pid, Tuple } from '@tiebeam/distribution'
import { type Erl, requirePeer, waitFor } from '@tiebeam/testing'
import type { ResolveMethod } from '../../src/index.ts'
import { join, type Member, World } from './world.ts'

interface Contender {
  readonly pid: Pid
  readonly received: unknown[]
}

function contend({ node }: Member): Contender {
  const received: unknown[] = []
  const pid = node.spawn(async (self) => {
    for await (const message of self) received.push(message)
  })
  return { pid, received }
}

/** Gives an Erlang variable `P` a process that keeps what it receives. */
const CONTENDER = `P = spawn(fun() -> (fun L(Got) -> receive {got, From} -> From ! {got, Got}, L(Got); M -> L([M | Got]) end end)([]) end)`
const GOT = `(fun() -> P ! {got, self()}, receive {got, Got} -> Got after 5000 -> none end end)()`

const isAlive = async (erl: Erl): Promise<boolean> => (await erl.evaluate('is_process_alive(P)')) === 'true'

async function registerBoth(erl: Erl, member: Member, method: string, resolve: ResolveMethod): Promise<Contender> {
  await erl.evaluate(`${CONTENDER}, yes = global:register_name(name, P, ${method})`)
  const ours = contend(member)
  assert.equal(await member.names.registerName(atom('name'), ours.pid, { resolve }), true)
  return ours
}

async function whereabouts(erl: Erl, { names }: Member): Promise<[string, string | undefined]> {
  // A fun, because what a case binds would stay bound for the next question.
  const there = await erl.evaluate('(fun(undefined) -> undefined; (Pid) -> node(Pid) end)(global:whereis_name(name))')
  return [there.replaceAll("'", ''), names.whereisName(atom('name'))?.node]
}

for (const lesser of ['Tiebeam', 'OTP'] as const) {
  const bases = lesser === 'Tiebeam' ? (['a', 'b'] as const) : (['b', 'a'] as const)

  test(`random_exit_name ends the process on the greater node; the lesser, which settles it, is ${lesser}`, async (t) => {
    if (!requirePeer(t, 'erl', 'epmd')) return
    const world = await World.create(t)
    const [member, erl] = [await world.tiebeam(bases[0]), await world.otp(bases[1])]
    const ours = await registerBoth(erl, member, 'fun global:random_exit_name/3', 'randomExitName')
    await join(erl, member.node.name)
    await member.names.sync()
    const winner = lesser === 'Tiebeam' ? member.node.name : erl.name
    assert.deepEqual(await whereabouts(erl, member), [winner, winner])
    await waitFor(async () => (await isAlive(erl)) === (lesser === 'OTP'))
    await waitFor(() => member.node.isAlive(ours.pid) === (lesser === 'Tiebeam'))
  })

  test(`random_notify_name tells the process on the greater node; the lesser is ${lesser}`, async (t) => {
    if (!requirePeer(t, 'erl', 'epmd')) return
    const world = await World.create(t)
    const [member, erl] = [await world.tiebeam(bases[0]), await world.otp(bases[1])]
    const ours = await registerBoth(erl, member, 'fun global:random_notify_name/3', 'randomNotifyName')
    await join(erl, member.node.name)
    await member.names.sync()
    const winner = lesser === 'Tiebeam' ? member.node.name : erl.name
    assert.deepEqual(await whereabouts(erl, member), [winner, winner])
    if (lesser === 'Tiebeam') {
      await waitFor(async () => (await erl.evaluate(GOT)) === '[{global_name_conflict,name}]')
      assert.deepEqual(ours.received, [])
    } else {
      await waitFor(() => ours.received.length > 0)
      assert.equal(String(ours.received[0]), '{:global_name_conflict, :name}')
      assert.equal(await erl.evaluate(GOT), '[]')
    }
    assert.ok(await isAlive(erl))
    assert.ok(member.node.isAlive(ours.pid))
  })

  test(`notify_all_name takes the name from both and tells both; the lesser is ${lesser}`, async (t) => {
    if (!requirePeer(t, 'erl', 'epmd')) return
    const world = await World.create(t)
    const [member, erl] = [await world.tiebeam(bases[0]), await world.otp(bases[1])]
    const ours = await registerBoth(erl, member, 'fun global:notify_all_name/3', 'notifyAllName')
    await join(erl, member.node.name)
    await member.names.sync()
    assert.deepEqual(await whereabouts(erl, member), ['undefined', undefined])
    await waitFor(() => ours.received.length > 0)
    const [notice] = ours.received as [Tuple]
    assert.ok(notice instanceof Tuple && notice.at(0) === atom('global_name_conflict'))
    await waitFor(async () => /^\[\{global_name_conflict,name,<.+>\}\]$/.test(await erl.evaluate(GOT)))
  })

  test(`a function of ours decides when the process is ours to settle; the lesser is ${lesser}`, async (t) => {
    if (!requirePeer(t, 'erl', 'epmd')) return
    const world = await World.create(t)
    const [member, erl] = [await world.tiebeam(bases[0]), await world.otp(bases[1])]
    const asked: unknown[][] = []
    // Of two methods, that of the lesser node's process counts.
    const keepGreater: ResolveMethod = async (name, pid1, pid2) => {
      asked.push([name, pid1.node, pid2.node])
      return pid1.node > pid2.node ? pid1 : pid2
    }
    const theirs = 'fun(_, P1, P2) -> if node(P1) > node(P2) -> P1; true -> P2 end end'
    await registerBoth(erl, member, theirs, keepGreater)
    await join(erl, member.node.name)
    await member.names.sync()
    const winner = lesser === 'Tiebeam' ? erl.name : member.node.name
    assert.deepEqual(await whereabouts(erl, member), [winner, winner])
    assert.deepEqual(asked, lesser === 'Tiebeam' ? [[atom('name'), erl.name, member.node.name]] : [])
  })
}

test('a conflict is settled on the node of the process, wherever that is in the partition', async (t) => {
  if (!requirePeer(t, 'erl', 'epmd')) return
  const world = await World.create(t)
  // The lesser nodes of each partition meet; the names are those of the other two, which are not the ones that meet.
  const [a, b] = [await world.tiebeam('a'), await world.otp('b')]
  const [c, d] = [await world.otp('c'), await world.tiebeam('d')]
  await join(b, a.node.name)
  await join(c, d.node.name)
  await b.evaluate(
    `${CONTENDER}, yes = global:register_name(name, P, fun(_, P1, P2) -> if node(P1) > node(P2) -> P1; true -> P2 end end)`,
  )
  const onD = contend(d)
  await d.names.registerName(atom('name'), onD.pid)
  await join(c, a.node.name)
  await waitFor(async () => {
    const places = await Promise.all([whereabouts(b, a), whereabouts(c, d)])
    return places.flat().every((place) => place === d.node.name)
  })
  assert.ok(d.node.isAlive(onD.pid))
})

test('an OTP node asks ours to settle a conflict with a function of ours', async (t) => {
  if (!requirePeer(t, 'erl', 'epmd')) return
  const world = await World.create(t)
  const [a, b] = [await world.otp('a'), await world.tiebeam('b')]
  const c = await world.otp('c')
  await join(a, b.node.name)
  const ours = contend(b)
  const asked: unknown[] = []
  const resolve: ResolveMethod = (name, pid1, pid2) => {
    asked.push(name)
    return pid1.node > pid2.node ? pid1 : pid2
  }
  await b.names.registerName(atom('name'), ours.pid, { resolve })
  await c.evaluate(`${CONTENDER}, yes = global:register_name(name, P)`)
  await join(c, a.name)
  await waitFor(async () => {
    const places = await Promise.all([whereabouts(a, b), whereabouts(c, b)])
    return places.flat().every((place) => place === c.name)
  })
  assert.deepEqual(asked, [atom('name')])
})

test('Tiebeam nodes settle conflicts among themselves, and one that fails as if its process were gone', async (t) => {
  if (!requirePeer(t, 'epmd')) return
  const world = await World.create(t)
  const [a, b, c] = [await world.tiebeam('a'), await world.tiebeam('b'), await world.tiebeam('c')]
  await a.node.connect(b.node.name)
  await a.names.sync()
  const asked: unknown[] = []
  const keepOurs: ResolveMethod = (name, pid1, pid2) => {
    asked.push(name)
    return pid1.node === b.node.name ? pid1 : pid2
  }
  const fail: ResolveMethod = () => {
    throw new Error('undecided')
  }
  for (const [name, resolve] of [
    ['kept', keepOurs],
    ['given up', fail],
  ] as const) {
    assert.equal(await b.names.registerName(name, contend(b).pid, { resolve }), true)
    assert.equal(await c.names.registerName(name, contend(c).pid, { resolve }), true)
  }
  // The lesser of the two that meet asks the node of its partition where the process is.
  await c.node.connect(a.node.name)
  for (const { names } of [a, b, c]) {
    await waitFor(() => names.whereisName('kept')?.node === b.node.name)
    await waitFor(() => names.whereisName('given up')?.node === c.node.name)
  }
  assert.deepEqual(asked, ['kept'])
})
