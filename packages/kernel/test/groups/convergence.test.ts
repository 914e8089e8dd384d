import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atom, type Node, type Pid } from '@tiebeam/distribution'
import { cases, Random, random, requirePeer, waitFor } from '@tiebeam/testing'
import type { Groups } from '../../src/index.ts'
import { byNode, Site, spawnMember } from './site.ts'

const GROUPS = ['a', 'b', 'c']

interface Member {
  readonly node: Node
  readonly groups: Groups
  readonly processes: Pid[]
}

test('two nodes of ours and one of OTP agree after random joins, leaves, ends, and cut links', async (t) => {
  if (!requirePeer(t, 'erl')) return
  const { seed } = random()
  const site = await Site.create(t)
  const members: Member[] = []
  for (const base of ['one', 'two']) {
    const node = await site.node(base)
    members.push({ node, groups: await site.groups(node, { discoverMs: 20 }), processes: [] })
  }
  const erl = await site.erl('otp')
  await erl.evaluate(`{ok, _} = pg:start(pg),
    Spawn = fun() -> spawn(fun() -> receive stop -> ok end end) end,
    Pick = fun(L) -> lists:nth(rand:uniform(length(L)), L) end,
    rand:seed(exsss, ${seed}),
    Ps = [Spawn() || _ <- lists:seq(1, 200)],
    Step = fun() ->
      P = Pick(Ps),
      G = Pick([a, b, c]),
      case rand:uniform(5) of
        1 -> pg:leave(G, P);
        2 -> P ! stop;
        3 -> pg:join(G, [P, P]);
        _ -> pg:join(G, P)
      end
    end`)
  const [one, two] = members as [Member, Member]
  const links: readonly (readonly [Node, string])[] = [
    [one.node, two.node.name],
    [one.node, erl.name as string],
    [two.node, erl.name as string],
  ]
  for (let round = 0; round < cases(30); round++) {
    const random = new Random(seed, round)
    for (let step = 0; step < 30; step++) {
      const member = random.pick(members)
      const group = atom(random.pick(GROUPS))
      const [node, peer] = random.pick(links)
      switch (random.integer(8)) {
        case 0:
          await node.disconnect(peer)
          break
        case 1:
          await node.connect(peer).catch(() => {})
          break
        case 2:
          if (member.processes.length > 0) member.groups.leave(group, random.pick(member.processes))
          break
        case 3:
          if (member.processes.length > 0) member.node.send(random.pick(member.processes), 'end')
          break
        case 4:
          await erl.evaluate('[Step() || _ <- lists:seq(1, 20)], ok')
          break
        default: {
          const pid = spawnMember(member.node)
          member.processes.push(pid)
          member.groups.join(group, random.chance(0.3) ? [pid, pid] : pid)
        }
      }
    }
    // An attempt at the same moment as one from the other side may fail once.
    for (const [node, peer] of links) {
      await waitFor(
        () =>
          node.connect(peer).then(
            () => true,
            () => false,
          ),
        { what: `${node.name} to reach ${peer}` },
      )
    }
    await agree(members, async (group) => erl.evaluate(`lists:sort([node(P) || P <- pg:get_members(${group})])`), round)
  }
})

/** That each sees what the nodes themselves have. */
async function agree(members: readonly Member[], askOtp: (group: string) => Promise<string>, round: number) {
  for (const group of GROUPS) {
    let views: string[] = []
    const isSame = async () => {
      const ofOtp = (await askOtp(group))
        .replaceAll(/[[\]']/g, '')
        .split(',')
        .filter((name) => name !== '')
      views = [
        ofOtp.sort().join(),
        ...members.map(({ groups }) =>
          groups
            .members(atom(group))
            .map(({ node }) => node)
            .sort()
            .join(),
        ),
      ]
      return new Set(views).size === 1
    }
    await waitFor(isSame, { what: () => `agreement on ${group} in round ${round}: ${views.join(' | ')}` })
    for (const { node, groups } of members) {
      const own = groups.members(atom(group)).filter((pid) => pid.node === node.name)
      assert.deepEqual(byNode(own), byNode(groups.localMembers(atom(group))))
      assert.ok(own.every((pid) => node.isAlive(pid)))
    }
  }
}
