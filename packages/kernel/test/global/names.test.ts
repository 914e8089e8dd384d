/** Global names against real OTP nodes, in both directions. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atom, type Node, Pid, type Process, tuple } from '@tiebeam/distribution'
import { requirePeer, waitFor } from '@tiebeam/testing'
import { GlobalNames, KernelError } from '../../src/index.ts'
import { join, meshed, World } from './world.ts'

/** A process that ends when it is told so. */
function idle(node: Node): Pid {
  return node.spawn(async (self: Process) => {
    await self.receive()
  })
}

test('to an OTP node a node with global names is visible, answers pings, and is in sync', async (t) => {
  if (!requirePeer(t, 'erl', 'epmd')) return
  const world = await World.create(t)
  const { node, names } = await world.tiebeam('b')
  const erl = await world.otp('a')
  assert.equal(await erl.evaluate(`net_adm:ping('${node.name}')`), 'pong')
  assert.equal(await erl.evaluate('global:sync()'), 'ok')
  assert.equal(await erl.evaluate('nodes()'), `['${node.name}']`)
  assert.equal(await erl.evaluate('gen_server:call(global_name_server, get_known)'), `['${node.name}']`)
  await names.sync({ timeoutMs: 60_000 })
  assert.deepEqual(names.stats().known, [erl.name])
  assert.equal(await node.ping(erl.name), 'pong')
})

test('a node that leaves gives up the names of its own processes, and no others', async (t) => {
  if (!requirePeer(t, 'erl', 'epmd')) return
  const world = await World.create(t)
  const { node, names } = await world.tiebeam('b')
  const erl = await world.otp('a')
  await join(erl, node.name)
  await erl.evaluate('global:register_name(theirs, self())')
  for (const name of [atom('one'), atom('two'), tuple('any', 1)]) await names.registerName(name, idle(node))
  assert.equal(names.stats().names, 4)
  await names.leaveAll()
  assert.deepEqual(names.registeredNames(), [atom('theirs')])
  assert.equal(await erl.evaluate('global:registered_names()'), '[theirs]')
})

test('names that either side registers are known on both, until either side unregisters them', async (t) => {
  if (!requirePeer(t, 'erl', 'epmd')) return
  const world = await World.create(t)
  const { node, names } = await world.tiebeam('b')
  const erl = await world.otp('a')
  await join(erl, node.name)
  const pid = idle(node)

  assert.equal(await names.registerName(atom('ours'), pid), true)
  assert.equal(await erl.evaluate('node(global:whereis_name(ours))'), `'${node.name}'`)
  assert.equal(await erl.evaluate(`global:register_name(ours, self())`), 'no')
  assert.equal(await erl.evaluate(`global:register_name({theirs, 1.0, "x"}, self())`), 'yes')
  const theirs = tuple(atom('theirs'), 1, [120])
  assert.equal(names.whereisName(theirs), undefined, 'an integer is no float')
  assert.deepEqual(
    names.registeredNames().map(String).sort(),
    [atom('ours'), theirs].map(String).sort(),
    'a program sees names as it sees messages',
  )
  const other = idle(node)
  assert.equal(await names.registerName(atom('ours'), other), false, 'the name is taken')
  assert.equal(await names.registerName('another', pid), false, 'the process has a name')

  await erl.evaluate('global:unregister_name(ours)')
  assert.equal(names.whereisName(atom('ours')), undefined)
  assert.equal(await names.registerName(atom('ours'), other), true)
  await names.reRegisterName(atom('ours'), pid)
  assert.ok(names.whereisName(atom('ours'))?.equals(pid))
  assert.equal(await erl.evaluate('global:re_register_name(ours, self())'), 'yes')
  assert.equal(names.whereisName(atom('ours'))?.node, erl.name)
  await names.unregisterName(atom('ours'))
  assert.equal(await erl.evaluate('global:whereis_name(ours)'), 'undefined')
})

test('each side sends to names of the other', async (t) => {
  if (!requirePeer(t, 'erl', 'epmd')) return
  const world = await World.create(t)
  const { node, names } = await world.tiebeam('b')
  const erl = await world.otp('a')
  await join(erl, node.name)
  const received: unknown[] = []
  const pid = node.spawn(async (self) => {
    for await (const message of self) received.push(message)
  })
  await names.registerName('ours', pid)
  await erl.evaluate('global:send(<<"ours">>, hello)')
  await waitFor(() => received.length === 1)
  assert.equal(received[0], atom('hello'))
  await erl.evaluate('global:register_name(theirs, self())')
  const to = names.send(atom('theirs'), { hello: 1 })
  assert.equal(to.node, erl.name)
  assert.equal(await erl.evaluate('receive M -> M end'), '#{<<"hello">> => 1}')
  assert.throws(
    () => names.send('nobody', 1),
    (error: KernelError) => error.code === 'NAME_NOT_REGISTERED',
  )
})

test('a name ends with its process, on all nodes', async (t) => {
  if (!requirePeer(t, 'erl', 'epmd')) return
  const world = await World.create(t)
  const { node, names } = await world.tiebeam('b')
  const erl = await world.otp('a')
  await join(erl, node.name)
  const pid = idle(node)
  await names.registerName('ours', pid)
  await erl.evaluate('P = spawn(fun() -> receive _ -> ok end end), yes = global:register_name(theirs, P)')
  assert.equal(names.whereisName(atom('theirs'))?.node, erl.name)
  await erl.evaluate('P ! stop')
  await waitFor(() => names.whereisName(atom('theirs')) === undefined)
  node.send(pid, 'stop')
  await waitFor(async () => (await erl.evaluate('global:whereis_name(<<"ours">>)')) === 'undefined')
  assert.deepEqual(names.registeredNames(), [])

  await erl.evaluate('yes = global:register_name(main, self())')
  assert.equal(names.stats().names, 1)
  await erl.kill()
  await waitFor(() => names.stats().names === 0, { what: 'the names of a dead node to go' })
})

test('a node that joins gets all names, and all nodes that the others know', async (t) => {
  if (!requirePeer(t, 'erl', 'epmd')) return
  const world = await World.create(t)
  const [first, second] = [await world.tiebeam('b'), await world.tiebeam('d')]
  const [one, two] = [await world.otp('a'), await world.otp('c')]
  await join(one, first.node.name)
  await first.names.registerName('first', idle(first.node))
  await two.evaluate('global:register_name(two, self())')
  await second.names.registerName('second', idle(second.node))
  // Two partitions of two nodes, and then one connection between them.
  await join(two, second.node.name)
  await first.node.connect(second.node.name)
  await meshed([one, two], [first, second])
  for (const { names } of [first, second]) {
    for (const name of ['first', 'second', atom('two')]) assert.ok(names.whereisName(name) instanceof Pid)
  }
  for (const erl of [one, two]) {
    assert.equal(await erl.evaluate('lists:sort(global:registered_names())'), '[two,<<"first">>,<<"second">>]')
  }
})

test('sync waits for a node that does not answer, as long as it is told to', async (t) => {
  if (!requirePeer(t, 'erl', 'epmd')) return
  const world = await World.create(t)
  const { node, names } = await world.tiebeam('b')
  const erl = await world.otp('a')
  await names.sync()
  await erl.evaluate('sys:suspend(global_name_server)')
  await node.connect(erl.name)
  await assert.rejects(
    names.sync({ timeoutMs: 200 }),
    (error: KernelError) => error.code === 'SYNC_TIMEOUT' && error.message.includes(erl.name),
  )
  await assert.rejects(names.sync({ timeoutMs: -1 }), { code: 'OPTION_INVALID' })
  await assert.rejects(names.setLock({ resource: 1 }, { retries: -1 }), { code: 'OPTION_INVALID' })
  const waiting = names.sync()
  await erl.evaluate('sys:resume(global_name_server)')
  await waiting
  assert.deepEqual(names.stats().synced, [erl.name])
})

test('names are of no use before the node runs, after it has stopped, or on a second node', async (t) => {
  const names = new GlobalNames()
  const isNotRunning = (error: unknown): boolean => error instanceof KernelError && error.code === 'SERVICE_NOT_RUNNING'
  assert.throws(() => names.whereisName('x'), isNotRunning)
  if (!requirePeer(t, 'epmd')) return
  const world = await World.create(t)
  const { node } = await world.tiebeam('a', { node: { services: [names] } })
  assert.equal(await names.registerName('x', idle(node)), true)
  await assert.rejects(names.start({ node } as never), { code: 'OPTION_INVALID' })
  assert.throws(() => node.unregister('global_name_server'), { code: 'OPTION_INVALID' })
  assert.deepEqual(node.registered(), [])
  await node.stop()
  assert.throws(() => names.registeredNames(), isNotRunning)
  await assert.rejects(names.registerName('y', node.pid), isNotRunning)
})
