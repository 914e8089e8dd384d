import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atom, type Node, Pid, type Reference, tuple } from '@tiebeam/distribution'
import { RecordingLogger, requirePeer, waitFor } from '@tiebeam/testing'
import { type GroupChange, Groups } from '../../src/index.ts'
import { byNode, Site, spawnMember } from './site.ts'

test('members of all nodes are seen on every node', async (t) => {
  const site = await Site.create(t)
  const nodes: Node[] = []
  for (const base of ['a', 'b', 'c']) nodes.push(await site.node(base))
  const all: Groups[] = []
  for (const node of nodes) {
    all.push(await site.groups(node))
    for (const other of nodes) if (other !== node) await node.connect(other.name)
  }
  for (const [index, node] of nodes.entries()) all[index]?.join('g', [spawnMember(node), spawnMember(node)])
  for (const groups of all) {
    await waitFor(() => groups.members('g').length === 6)
    assert.deepEqual(byNode(groups.members('g')), ['a×2', 'b×2', 'c×2'])
    assert.deepEqual(groups.stats().peers.length, 2)
  }
  await nodes[1]?.stop()
  for (const groups of [all[0], all[2]]) await waitFor(() => groups?.members('g').length === 4)
  assert.throws(() => all[1]?.join('g', (nodes[1] as Node).pid), { code: 'GROUPS_STOPPED' })
})

test('what is returned is a copy, and only processes of the own node can join', async (t) => {
  const site = await Site.create(t)
  const node = await site.node('a')
  const groups = await site.groups(node)
  const pids = [spawnMember(node), spawnMember(node)]
  groups.join('g', pids)
  groups.members('g').pop()
  groups.localMembers('g').pop()
  pids.pop()
  assert.equal(groups.members('g').length, 2)
  assert.equal(groups.localMembers('g').length, 2)
  const foreign = new Pid('other@127.0.0.1', 1, 0, 1)
  assert.throws(() => groups.join('g', [pids[0] as Pid, foreign]), { code: 'NOT_LOCAL' })
  assert.throws(() => groups.join('g', 'no pid' as never), { code: 'NOT_LOCAL' })
  assert.throws(() => groups.leave('g', foreign), { code: 'NOT_LOCAL' })
  assert.throws(() => groups.join(() => {}, pids), { code: 'ETF_NO_TERM' })
  assert.throws(() => groups.join('\ud800', pids), { code: 'ETF_LONE_SURROGATE' })
  assert.equal(groups.members('g').length, 2)
  assert.equal(groups.leave('h', pids), false)
  assert.deepEqual(groups.members('nobody'), [])
  groups.join('g', new Pid(node.name, 12345, 0, node.creation))
  await waitFor(() => groups.members('g').length === 2, { what: 'a process that is not there to be taken out' })
})

test('a scope has one start on a node, and its name is free again after the stop', async (t) => {
  const site = await Site.create(t)
  const node = await site.node('a')
  const groups = await site.groups(node, { scope: 'shop' })
  await assert.rejects(Groups.start(node, { scope: 'shop' }), { code: 'SCOPE_TAKEN' })
  await assert.rejects(Groups.start(node, { scope: 'other', discoverMs: 0 }), { code: 'OPTION_INVALID' })
  assert.ok(node.registered().includes('shop'))
  await groups.stop()
  await groups.stop()
  assert.deepEqual(node.registered(), [])
  const again = await site.groups(node, { scope: 'shop' })
  assert.deepEqual(again.whichGroups(), [])
  await node.stop()
  await assert.rejects(Groups.start(node), { code: 'NODE_STOPPED' })
})

test('a node takes no more memberships of a peer than it wants, and says so once', async (t) => {
  const site = await Site.create(t)
  const [peer, node] = [await site.node('peer'), await site.node('node')]
  const logger = new RecordingLogger()
  const ofPeer = await site.groups(peer)
  const member = spawnMember(peer)
  ofPeer.join('synced', [member, member])
  ofPeer.join('too many', [member, member])
  const groups = await site.groups(node, { membershipsMax: 3, logger })
  groups.join('own', Array<Pid>(5).fill(spawnMember(node)))
  await node.connect(peer.name)
  await waitFor(() => groups.members('synced').length === 2)
  ofPeer.join('one more', member)
  ofPeer.join('too many', member)
  ofPeer.leave('synced', member)
  ofPeer.join('instead', member)
  await waitFor(() => groups.members('instead').length === 1)
  assert.deepEqual(groups.whichGroups(), ['own', 'synced', 'one more', 'instead'])
  assert.equal(groups.stats().memberships, 8)
  assert.equal(logger.matching(/^warn: .*membershipsMax/).length, 1)
  await assert.rejects(Groups.start(node, { scope: 'none', membershipsMax: 0 }), { code: 'OPTION_INVALID' })
})

test('a first sync in many messages brings all, to a node that has groups of its own, and counts each group once', async (t) => {
  const site = await Site.create(t)
  const [a, b] = [await site.node('a'), await site.node('b')]
  const [ofA, ofB] = [await site.groups(a), await site.groups(b)]
  const [one, two] = [spawnMember(a), spawnMember(b)]
  for (let number = 0; number < 1_500; number++) ofA.join(number, number % 2 === 0 ? one : [one, one])
  ofA.join('large', Array<Pid>(1_234).fill(one))
  for (let number = 1_000; number < 2_000; number++) ofB.join(number, two)
  await a.connect(b.name)
  for (const groups of [ofA, ofB]) {
    const memberships = 1_500 + 750 + 1_234 + 1_000
    await waitFor(() => groups.stats().memberships === memberships)
    assert.equal(groups.stats().groups, 2_001)
    assert.equal(new Set(groups.whichGroups()).size, 2_001)
    assert.equal(groups.whichGroups().length, 2_001)
    assert.deepEqual(byNode(groups.members(1_001)), ['a×2', 'b×1'])
  }
})

test('a node can have many scopes', async (t) => {
  const warnings: Error[] = []
  const onWarning = (warning: Error) => warnings.push(warning)
  process.on('warning', onWarning)
  t.after(() => process.off('warning', onWarning))
  const site = await Site.create(t)
  const node = await site.node('a')
  for (let number = 0; number < 12; number++) await site.groups(node, { scope: `scope ${number}` })
  assert.deepEqual(warnings, [])
})

test('a monitor has the members from before, then every change, and ends with the loop or the groups', async (t) => {
  const site = await Site.create(t)
  const node = await site.node('a')
  const groups = await site.groups(node)
  const [one, two] = [spawnMember(node), spawnMember(node)]
  groups.join('g', one)
  const monitor = groups.monitor('g')
  assert.deepEqual(monitor.before, [one])
  groups.join('other', one)
  groups.join('g', [two, two])
  groups.leave('g', two)
  node.send(two, 'end')
  const changes: GroupChange[] = []
  for await (const change of monitor) {
    changes.push(change)
    if (changes.length === 3) break
  }
  assert.deepEqual(changes, [
    { type: 'join', group: 'g', pids: [two, two] },
    { type: 'leave', group: 'g', pids: [two] },
    { type: 'leave', group: 'g', pids: [two] },
  ])
  assert.equal((await monitor[Symbol.asyncIterator]().next()).done, true)

  const ofScope = groups.monitorScope({ changesMax: 2 })
  const untilStop = groups.monitor('g')
  groups.join('x', one)
  await groups.stop()
  const rest: string[] = []
  for await (const { group } of ofScope) rest.push(String(group))
  assert.deepEqual(rest, ['x'])
  for await (const _ of untilStop) assert.fail('nothing was to be told')
  assert.throws(() => groups.monitor('g'), { code: 'GROUPS_STOPPED' })
})

test('a monitor that nobody reads ends with an error, and is not kept', async (t) => {
  const site = await Site.create(t)
  const node = await site.node('a')
  const groups = await site.groups(node)
  const member = spawnMember(node)
  const monitor = groups.monitorScope({ changesMax: 3 })
  for (let number = 0; number < 10; number++) groups.join(number, member)
  const iterator = monitor[Symbol.asyncIterator]()
  await assert.rejects(iterator.next(), { code: 'CHANGES_OVERFLOW' })
  assert.equal((await iterator.next()).done, true)
})

test('a process is told of changes by messages, until it ends or does not want to', async (t) => {
  const site = await Site.create(t)
  const node = await site.node('a')
  const groups = await site.groups(node)
  const received: unknown[] = []
  const receiver = node.spawn(async (self) => {
    for await (const message of self) received.push(message)
  })
  const member = spawnMember(node)
  groups.join('before', member)
  const { reference, groups: before } = groups.monitorScopeFor(receiver)
  assert.deepEqual(before, [{ group: 'before', members: [member] }])
  const ofGroup = groups.monitorFor(receiver, 'g')
  assert.deepEqual(ofGroup.members, [])
  groups.join('g', member)
  await waitFor(() => received.length === 2)
  const joined = (ref: Reference) => tuple(ref, atom('join'), 'g', [member])
  assert.deepEqual(received, [joined(reference), joined(ofGroup.reference)])
  assert.equal(groups.demonitor(reference), true)
  assert.equal(groups.demonitor(reference), false)
  groups.leave('g', member)
  await waitFor(() => received.length === 3)
  assert.deepEqual(received[2], tuple(ofGroup.reference, atom('leave'), 'g', [member]))
  node.exit(receiver, atom('kill'))
  await waitFor(() => !groups.demonitor(ofGroup.reference), { what: 'the monitor to end with its process' })
})

test('a scope process that is killed is replaced, and keeps the members of its node', async (t) => {
  const site = await Site.create(t)
  const [a, b] = [await site.node('a'), await site.node('b')]
  const [ofA, ofB] = [await site.groups(a), await site.groups(b)]
  await a.connect(b.name)
  const member = spawnMember(a)
  ofA.join('g', [member, member])
  ofB.join('g', spawnMember(b))
  await waitFor(() => ofB.members('g').length === 3)
  const changes = ofB.monitor('g')[Symbol.asyncIterator]()
  const killed = a.whereis('pg') as Pid
  b.exit(killed, atom('kill'))
  assert.equal((await changes.next()).value.type, 'leave')
  assert.equal((await changes.next()).value.type, 'join')
  assert.deepEqual(byNode(ofB.members('g')), ['a×2', 'b×1'])
  await waitFor(() => ofA.members('g').length === 3)
  assert.notDeepEqual(a.whereis('pg'), killed)
  a.send(member, 'end')
  await waitFor(() => ofB.members('g').length === 1)
  b.exit(a.whereis('pg') as Pid, atom('shutdown'))
  ofA.join('g', spawnMember(a))
  await waitFor(() => ofB.members('g').length === 2)
})

test('hostile messages change nothing but what their peer may say, are logged once for each kind, and hurt nobody', async (t) => {
  if (!requirePeer(t, 'erl')) return
  const site = await Site.create(t)
  const logger = new RecordingLogger()
  const node = await site.node('a')
  const groups = await site.groups(node, { logger })
  const erl = await site.erl('hostile')
  const scope = `{pg, '${node.name}'}`
  const member = spawnMember(node)
  groups.join('g', member)
  await node.connect(erl.name as string)
  const foreign = `binary_to_term(<<131, 88, 119, 11, "c@127.0.0.9", 1:32, 0:32, 1:32>>)`
  await erl.evaluate(`[${scope} ! M || M <- [
    hello, 42, {}, [], <<"bytes">>, {discover}, {discover, self(), 1, 2}, {discover, ${foreign}}, {discover, hello},
    {join, self()}, {join, self(), g, [${foreign}]}, {join, self(), g, [self() | self()]}, {join, ${foreign}, g, ${foreign}},
    {leave, self(), self(), g}, {leave, self(), self(), [g, h]}, {leave, self(), [self()], [g | h]}, {leave, hello, [], []},
    {'$gen_cast', {sync, self(), [{g, [self()]} | {g, [self()]}]}}, {'$gen_cast', {sync, self(), g}},
    {'$gen_cast', {sync, ${foreign}, [{g, [${foreign}]}]}}, {'$gen_cast', {sync, self(), [{g, ${foreign}}]}}, {'$gen_cast', x},
    {'DOWN', make_ref(), process, self(), normal}, {'EXIT', self(), kill}, {nodedown, node()}, {nodeup, hello},
    {system, {self(), make_ref()}, get_state}, {'$gen_call', self(), x}, {'$gen_call', {self(), make_ref()}, x}]], ok`)
  // In order: it is understood after all of that.
  await erl.evaluate(`${scope} ! {'$gen_cast', {sync, self(), [{g, [self()]}, {g, [self(), self()]}, {h, []}]}}, ok`)
  await waitFor(() => groups.members(atom('g')).length === 2)
  assert.deepEqual(groups.whichGroups(), ['g', atom('g')])
  assert.deepEqual(groups.members('g'), [member])
  assert.deepEqual(groups.stats().peers, [erl.name])
  await erl.evaluate(`[${scope} ! {leave, self(), [self(), self(), self()], [g, h, g]} || _ <- [1, 2]], ok`)
  await waitFor(() => groups.members(atom('g')).length === 0)
  const warnings = logger.matching(/^warn/)
  assert.equal(warnings.length, new Set(warnings).size)
  assert.ok(warnings.length > 0)
  assert.deepEqual(node.nodes('connected'), [erl.name], 'nobody was dialled')
  assert.equal(await erl.evaluate(`net_adm:ping('${node.name}')`), 'pong')
})

test('a peer whose output is full is told all when it has drained', async (t) => {
  const site = await Site.create(t)
  const sender = await site.node('a', { outputBytesMax: 100_000 })
  const receiver = await site.node('b')
  const [ofSender, ofReceiver] = [await site.groups(sender), await site.groups(receiver)]
  await sender.connect(receiver.name)
  await waitFor(() => ofSender.stats().peers.length === 1 && ofReceiver.stats().peers.length === 1)
  const member = spawnMember(sender)
  // Within one turn of the event loop nothing leaves, so this is more than may wait.
  const name = 'x'.repeat(1_000)
  for (let number = 0; number < 500; number++) ofSender.join(`${name} ${number}`, member)
  ofSender.leave(`${name} 0`, member)
  await waitFor(() => ofReceiver.whichGroups().length === 499)
  ofSender.join('last', member)
  await waitFor(() => ofReceiver.whichGroups().length === 500)
})
