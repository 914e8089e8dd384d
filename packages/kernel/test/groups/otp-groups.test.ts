/** Scopes of ours and of OTP's `pg` in one cluster. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atom, type Node, Tuple, tuple } from '@tiebeam/distribution'
import { type Erl, requirePeer, type Scope, waitFor } from '@tiebeam/testing'
import type { Groups } from '../../src/index.ts'
import { byNode, Site, spawnMember } from './site.ts'

interface Pair {
  readonly site: Site
  readonly node: Node
  readonly groups: Groups
  readonly erl: Erl
}

/** A node of each kind, connected, both with the scope `shop`. */
async function startPair(t: Scope): Promise<Pair> {
  const site = await Site.create(t)
  const node = await site.node('ours')
  const erl = await site.erl('theirs')
  await erl.evaluate('{ok, _} = pg:start(shop)')
  await erl.evaluate('Spawn = fun() -> spawn(fun() -> receive stop -> ok end end) end')
  const groups = await site.groups(node, { scope: 'shop', discoverMs: 50 })
  await node.connect(erl.name as string)
  await waitFor(() => groups.stats().peers.length === 1, { what: 'the scopes to find each other' })
  return { site, node, groups, erl }
}

async function sees(groups: Groups, group: unknown, ...expected: readonly string[]): Promise<void> {
  const what = () => `${expected} in ${String(group)}; seen: ${byNode(groups.members(group))}`
  await waitFor(() => String(byNode(groups.members(group))) === String(expected), { what })
}

/** `group` is Erlang source. */
async function otpSees(erl: Erl, group: string, ...expected: readonly string[]): Promise<void> {
  const list = `lists:sort([hd(string:lexemes(atom_to_list(node(P)), "@")) || P <- pg:get_members(shop, ${group})])`
  let seen = ''
  const isSeen = async () => {
    seen = await erl.evaluate(list)
    return seen === (expected.length === 0 ? '[]' : `[${expected.map((name) => `"${name}"`).join(',')}]`)
  }
  await waitFor(isSeen, { what: () => `${expected} in ${group}; OTP sees ${seen}` })
}

test('processes of either side join, leave, and end, once or several times', async (t) => {
  if (!requirePeer(t, 'erl')) return
  const { node, groups, erl } = await startPair(t)
  const [one, two] = [spawnMember(node), spawnMember(node)]
  groups.join('workers', one)
  groups.join('workers', [one, two])
  await otpSees(erl, '<<"workers">>', 'ours', 'ours', 'ours')
  assert.equal(groups.leave('workers', one), true)
  await otpSees(erl, '<<"workers">>', 'ours', 'ours')
  node.send(one, 'end')
  await otpSees(erl, '<<"workers">>', 'ours')
  await sees(groups, 'workers', 'ours×1')

  await erl.evaluate('[A, B] = [Spawn(), Spawn()], pg:join(shop, <<"workers">>, [A, A, B]), pg:join(shop, other, A)')
  await sees(groups, 'workers', 'ours×1', 'theirs×3')
  await sees(groups, atom('other'), 'theirs×1')
  assert.deepEqual(groups.localMembers('workers'), [two])
  assert.deepEqual(groups.whichGroups(), ['workers', atom('other')])
  assert.deepEqual(groups.whichLocalGroups(), ['workers'])
  await erl.evaluate('pg:leave(shop, <<"workers">>, [A, B])')
  await sees(groups, 'workers', 'ours×1', 'theirs×1')
  await erl.evaluate('A ! stop')
  await sees(groups, 'workers', 'ours×1')
  await sees(groups, atom('other'))
  node.send(two, 'end')
  await otpSees(erl, '<<"workers">>')
  await waitFor(async () => (await erl.evaluate('pg:which_groups(shop)')) === '[]')
  assert.deepEqual(groups.whichGroups(), [])
})

test('a process that is in many groups, some of them twice, leaves all when it ends', async (t) => {
  if (!requirePeer(t, 'erl')) return
  const { node, groups, erl } = await startPair(t)
  const [ends, stays] = [spawnMember(node), spawnMember(node)]
  for (let number = 0; number < 50; number++) {
    groups.join(number, number % 2 === 0 ? [ends, ends] : ends)
    groups.join(number, stays)
  }
  await erl.evaluate('P = Spawn(), [pg:join(shop, N, [P, P]) || N <- lists:seq(0, 49)]')
  await sees(groups, 49, 'ours×2', 'theirs×2')
  node.send(ends, 'end')
  await erl.evaluate('P ! stop')
  for (const number of [0, 1, 48, 49]) {
    await sees(groups, number, 'ours×1')
    await otpSees(erl, String(number), 'ours')
  }
})

test('any term names a group, and is the same group on both sides', async (t) => {
  if (!requirePeer(t, 'erl')) return
  const { node, groups, erl } = await startPair(t)
  const member = spawnMember(node)
  const names: readonly (readonly [unknown, string])[] = [
    [atom('room'), 'room'],
    ['röom', '<<"röom"/utf8>>'],
    [tuple(atom('room'), 7), '{room, 7}'],
    [[1, 2, 'three'], '[1, 2, <<"three">>]'],
    [[104, 105], '"hi"'],
    [{ a: 1, b: [true] }, '#{<<"a">> => 1, <<"b">> => [true]}'],
    [2n ** 70n, '1 bsl 70'],
    [1.5, '1.5'],
    [null, 'nil'],
    [new Uint8Array([255, 0]), '<<255, 0>>'],
    [tuple(), '{}'],
    [[], '[]'],
  ]
  await erl.evaluate('P = Spawn()')
  for (const [name, source] of names) {
    groups.join(name, member)
    await erl.evaluate(`pg:join(shop, ${source}, P)`)
    await sees(groups, name, 'ours×1', 'theirs×1')
    await otpSees(erl, source, 'ours', 'theirs')
  }
  assert.equal(groups.stats().groups, names.length)
  assert.equal(await erl.evaluate('length(pg:which_groups(shop))'), String(names.length))
})

test('a scope that starts late learns of all members, and tells of its own', async (t) => {
  if (!requirePeer(t, 'erl')) return
  const { site, node, groups, erl } = await startPair(t)
  groups.join('g', spawnMember(node))
  await erl.evaluate('pg:join(shop, <<"g">>, Spawn())')
  await sees(groups, 'g', 'ours×1', 'theirs×1')

  const late = await site.node('late')
  await late.connect(erl.name as string)
  await late.connect(node.name)
  const lateGroups = await site.groups(late, { scope: 'shop' })
  lateGroups.join('g', spawnMember(late))
  await sees(lateGroups, 'g', 'late×1', 'ours×1', 'theirs×1')
  await sees(groups, 'g', 'late×1', 'ours×1', 'theirs×1')
  await otpSees(erl, '<<"g">>', 'late', 'ours', 'theirs')

  const lateErl = await site.erl('zlate')
  await node.connect(lateErl.name as string)
  await lateErl.evaluate('{ok, _} = pg:start(shop), pg:join(shop, <<"g">>, self())')
  await otpSees(lateErl, '<<"g">>', 'ours', 'zlate')
  await sees(groups, 'g', 'late×1', 'ours×1', 'theirs×1', 'zlate×1')
})

test('a scope that stops takes its members along, and begins anew when it is started again', async (t) => {
  if (!requirePeer(t, 'erl')) return
  const { site, node, groups, erl } = await startPair(t)
  const member = spawnMember(node)
  groups.join('g', member)
  await erl.evaluate('P = Spawn(), pg:join(shop, <<"g">>, P)')
  await sees(groups, 'g', 'ours×1', 'theirs×1')

  await groups.stop()
  await otpSees(erl, '<<"g">>', 'theirs')
  assert.deepEqual(groups.members('g'), [])
  assert.throws(() => groups.join('g', member), { code: 'GROUPS_STOPPED' })
  const again = await site.groups(node, { scope: 'shop', discoverMs: 50 })
  await sees(again, 'g', 'theirs×1')
  again.join('g', member)
  await otpSees(erl, '<<"g">>', 'ours', 'theirs')

  await erl.evaluate('gen_server:stop(shop)')
  await sees(again, 'g', 'ours×1')
  await erl.evaluate('{ok, _} = pg:start(shop), pg:join(shop, <<"g">>, [P, P])')
  await sees(again, 'g', 'ours×1', 'theirs×2')
  await otpSees(erl, '<<"g">>', 'ours', 'theirs', 'theirs')
})

test('a node that is cut off, or dies, takes its members along until it is back', async (t) => {
  if (!requirePeer(t, 'erl')) return
  const { node, groups, erl } = await startPair(t)
  const other = erl.name as string
  groups.join('g', spawnMember(node))
  await erl.evaluate('pg:join(shop, <<"g">>, Spawn())')
  await sees(groups, 'g', 'ours×1', 'theirs×1')
  await node.disconnect(other)
  await sees(groups, 'g', 'ours×1')
  await otpSees(erl, '<<"g">>', 'theirs')
  groups.join('g', spawnMember(node))
  await node.connect(other)
  await sees(groups, 'g', 'ours×2', 'theirs×1')
  await otpSees(erl, '<<"g">>', 'ours', 'ours', 'theirs')
  await erl.kill()
  await sees(groups, 'g', 'ours×2')
  await waitFor(() => groups.stats().peers.length === 0)
})

test('scopes are apart from each other', async (t) => {
  if (!requirePeer(t, 'erl')) return
  const { site, node, groups, erl } = await startPair(t)
  await erl.evaluate('{ok, _} = pg:start(pg)')
  const standard = await site.groups(node, { discoverMs: 50 })
  await erl.evaluate('pg:join(g, Spawn()), pg:join(shop, g, Spawn()), pg:join(shop, g, Spawn())')
  await sees(standard, atom('g'), 'theirs×1')
  await sees(groups, atom('g'), 'theirs×2')
  standard.join('only-here', spawnMember(node))
  await waitFor(async () => (await erl.evaluate('length(pg:get_members(<<"only-here">>))')) === '1')
  assert.equal(await erl.evaluate('pg:get_members(shop, <<"only-here">>)'), '[]')
})

test('changes on the other side are told to monitors, in order and without a gap', async (t) => {
  if (!requirePeer(t, 'erl')) return
  const { node, groups, erl } = await startPair(t)
  await erl.evaluate('P = Spawn(), pg:join(shop, <<"g">>, P)')
  await sees(groups, 'g', 'theirs×1')
  const ofGroup = groups.monitor('g')
  const ofScope = groups.monitorScope()
  assert.deepEqual(byNode(ofGroup.before), ['theirs×1'])
  assert.deepEqual(
    ofScope.before.map(({ group, members }) => [group, ...byNode(members)]),
    [['g', 'theirs×1']],
  )
  await erl.evaluate('Q = Spawn(), pg:join(shop, other, Q), pg:join(shop, <<"g">>, [P, Q]), Q ! stop')
  const told: string[] = []
  for await (const { type, group, pids } of ofScope) {
    told.push(`${type} ${String(group)} ${pids.length}`)
    if (told.length === 4) break
  }
  // In which of its groups Q is missed first is up to OTP.
  assert.deepEqual(told.slice(0, 2), ['join other 1', 'join g 2'])
  assert.deepEqual(told.slice(2).sort(), ['leave g 1', 'leave other 1'])
  const changes: string[] = []
  for await (const { type, pids } of ofGroup) {
    changes.push(`${type} ${pids.length}`)
    if (changes.length === 2) break
  }
  assert.deepEqual(changes, ['join 2', 'leave 1'])

  await erl.evaluate('{Ref, _} = pg:monitor(shop, <<"g">>)')
  const member = spawnMember(node)
  groups.join('g', member)
  groups.leave('g', member)
  const next = '(fun() -> receive {Ref, Type, <<"g">>, [M]} -> {Type, node(M)} end end)()'
  assert.equal(await erl.evaluate(next), `{join,'${node.name}'}`)
  assert.equal(await erl.evaluate(next), `{leave,'${node.name}'}`)
})

test('whoever asks with a version of the protocol is answered, as from OTP 26 on', async (t) => {
  if (!requirePeer(t, 'erl')) return
  const { node, groups, erl } = await startPair(t)
  const member = spawnMember(node)
  groups.join('g', [member, member])
  const asked = `{shop, '${node.name}'} ! {discover, self(), 2},
    receive {'$gen_cast', {sync, S, Groups}} -> {node(S), [{G, length(Ps)} || {G, Ps} <- Groups]} end`
  assert.equal(await erl.evaluate(asked), `{'${node.name}',[{<<"g">>,2}]}`)
  assert.equal(await erl.evaluate('receive {discover, S} -> node(S) end'), `'${node.name}'`)
  groups.join('g', member)
  assert.equal(await erl.evaluate('receive {join, S, <<"g">>, M} -> node(M) end'), `'${node.name}'`)
})

test('OTP sees the processes that ours made members', async (t) => {
  if (!requirePeer(t, 'erl')) return
  const { node, groups, erl } = await startPair(t)
  const echo = node.spawn(async (self) => {
    for await (const message of self) if (message instanceof Tuple) self.send(message.at(0) as never, message.at(1))
  })
  groups.join('echo', echo)
  await otpSees(erl, '<<"echo">>', 'ours')
  const asked = 'hd(pg:get_members(shop, <<"echo">>)) ! {self(), hello}, receive hello -> answered end'
  assert.equal(await erl.evaluate(asked), 'answered')
})

test('a process of OTP monitors our scope by calling it, and is told of an unknown request', async (t) => {
  if (!requirePeer(t, 'erl')) return
  const { node, groups, erl } = await startPair(t)
  const member = spawnMember(node)
  groups.join('g', member)
  const scope = `{shop, '${node.name}'}`
  assert.equal(await erl.evaluate(`{S, All} = gen_server:call(${scope}, monitor), maps:keys(All)`), '[<<"g">>]')
  assert.equal(await erl.evaluate(`{G, Ms} = gen_server:call(${scope}, {monitor, <<"g">>}), length(Ms)`), '1')
  groups.leave('g', member)
  const told = '[receive {R, leave, <<"g">>, [M]} -> node(M) end || R <- [S, G]]'
  assert.equal(await erl.evaluate(told), `['${node.name}','${node.name}']`)
  assert.equal(await erl.evaluate(`[gen_server:call(${scope}, {demonitor, R}) || R <- [S, S]]`), '[ok,false]')
  assert.equal(await erl.evaluate(`gen_server:call(${scope}, unknown)`), '{error,badarg}')
})
