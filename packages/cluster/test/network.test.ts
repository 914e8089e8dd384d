/** Real nodes on hosts of their own, with a real name server. Slow machines are fine: every wait is for a condition. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  createNetwork,
  type Dnsmasq,
  type Host,
  type Network,
  requirePeer,
  startDnsmasq,
  startEpmd,
  startErl,
  waitFor,
} from '@tiebeam/testing'
import { formMesh, MemberProcess } from './network/member-process.ts'

const SERVICE = 'app.ns.svc.cluster.local'
const NET_TICK_TIME_MS = 2000

interface Site {
  readonly network: Network
  readonly hosts: readonly Host[]
  readonly dns: Dnsmasq
  address(host: Host): string
  join(host: Host, cookie?: string): MemberProcess
  /** What the Service lists. */
  publish(addresses: readonly string[]): Promise<void>
}

/** Hosts for members, named host1 …, and one for the name server, `dns`. Undefined when the test was skipped. */
async function createSite(t: TestContext, count: number, family: 4 | 6 = 4): Promise<Site | undefined> {
  if (!requirePeer(t, 'root', 'ip', 'nft', 'nsenter', 'unshare', 'dnsmasq')) return undefined
  const names = Array.from({ length: count }, (_, index) => `host${index + 1}`)
  const network = await createNetwork(t, { hosts: [...names, 'dns'] })
  const hosts = names.map((name) => network.host(name))
  const address = (host: Host): string => (family === 4 ? host.ipv4 : host.ipv6)
  const server = network.host('dns')
  const dns = await startDnsmasq(t, {
    spawn: server.spawn,
    address: address(server),
    records: { [SERVICE]: hosts.map(address) },
  })
  return {
    network,
    hosts,
    dns,
    address,
    join: (host, cookie = 'secret') =>
      new MemberProcess(t, host, {
        name: `app@${address(host)}`,
        cookie,
        netTickTimeMs: NET_TICK_TIME_MS,
        service: SERVICE,
        applicationName: 'app',
        nameServer: address(server),
      }),
    publish: (addresses) => dns.setRecords({ [SERVICE]: addresses }),
  }
}

test('five nodes form; one is killed and returns under a new address, and the mesh is whole again', async (t) => {
  const site = await createSite(t, 5)
  if (site === undefined) return
  const members = site.hosts.map((host) => site.join(host))
  await formMesh(members)

  const [lost, ...rest] = members as [MemberProcess, ...MemberProcess[]]
  const oldName = lost.name
  await lost.host.crash()
  await lost.host.setAddresses('10.77.0.100', 'fd77::100')
  await waitFor(() => rest.every(({ peers }) => !peers.has(oldName)), { what: 'the others to notice' })
  await site.publish(site.hosts.map(site.address))
  const returned = site.join(lost.host)
  assert.equal(returned.name, 'app@10.77.0.100')
  await formMesh([...rest, returned])

  // Under its old address too.
  await rest[0]?.host.crash()
  const again = site.join((rest[0] as MemberProcess).host)
  await formMesh([...rest.slice(1), returned, again])
  const { status } = await again.status()
  assert.equal(status.complete, true)
  assert.ok(!status.topologies.main?.listed.includes(oldName))
})

test('while the name server is silent, refuses, or knows nothing, nothing is torn down; and lost peers are found without it', async (t) => {
  const site = await createSite(t, 3)
  if (site === undefined) return
  const members = site.hosts.map((host) => site.join(host))
  await formMesh(members)

  site.dns.suspend()
  await waitFor(() => members.every((member) => member.logged(/discovery fails/).length > 0))
  // One is lost and returns meanwhile, at its old address: the last list still names it.
  await members[0]?.host.crash()
  await waitFor(() => members.slice(1).every(({ peers }) => peers.size === 1))
  const back = site.join((members[0] as MemberProcess).host)
  const now = [back, ...members.slice(1)]
  await formMesh(now)

  site.dns.resume()
  await waitFor(() => members.slice(1).every((member) => member.logged(/discovery works again/).length > 0))
  await site.dns.stop()
  await sleep(2000)
  await site.dns.start()
  await site.publish([])
  await waitFor(async () => (await back.status()).status.topologies.main?.listed.length === 0)
  const before = now.map((member) => member.downs().length)
  await sleep(2000)
  await formMesh(now)
  assert.deepEqual(
    now.map((member) => member.downs().length),
    before,
    'no link was lost for the name server',
  )
  await site.publish(site.hosts.map(site.address))
  await waitFor(async () => (await back.status()).status.topologies.main?.listed.length === 2)
})

test('a network that was cut in two is whole again without help, with the name server on one side', async (t) => {
  const site = await createSite(t, 5)
  if (site === undefined) return
  const members = site.hosts.map((host) => site.join(host))
  await formMesh(members)
  const [left, right] = [members.slice(0, 2), members.slice(2)]
  await site.network.partition(['host1', 'host2'], ['host3', 'host4', 'host5', 'dns'])
  await waitFor(() => left.every(({ peers }) => peers.size === 1) && right.every(({ peers }) => peers.size === 2), {
    what: 'both sides to lose the other',
  })
  await site.network.heal()
  await formMesh(members)
})

test('links that survive a short cut on both sides stay, and those that one side has lost are renewed', async (t) => {
  const site = await createSite(t, 3)
  if (site === undefined) return
  const members = site.hosts.map((host) => site.join(host))
  await formMesh(members)
  await site.network.partition(['host1'], ['host2', 'host3'])
  await sleep(NET_TICK_TIME_MS / 4)
  await site.network.heal()
  await sleep(NET_TICK_TIME_MS)
  await formMesh(members)

  // In one direction only: host1 hears the others, who do not hear it.
  await site.network.cut([
    ['host1', 'host2'],
    ['host1', 'host3'],
  ])
  await waitFor(() =>
    members.slice(1).every(({ name, peers }) => !peers.has('app@10.77.0.1') || name === 'app@10.77.0.1'),
  )
  await site.network.heal()
  await formMesh(members)
  for (const member of members) assert.equal((await member.status()).nodes.length, 2)
})

test('nodes with IPv6 names form over AAAA records, and heal', async (t) => {
  const site = await createSite(t, 3, 6)
  if (site === undefined) return
  const members = site.hosts.map((host) => site.join(host))
  assert.equal(members[0]?.name, 'app@fd77::1')
  await formMesh(members)
  await site.network.partition(['host1'], ['host2', 'host3'])
  await waitFor(() => members[0]?.peers.size === 0)
  await site.network.heal()
  await formMesh(members)
})

test('a real Erlang node that the Service lists is a member, is lost when it is killed, and is taken back', async (t) => {
  if (!requirePeer(t, 'erl', 'epmd')) return
  const site = await createSite(t, 3)
  if (site === undefined) return
  const [erlang, ...others] = site.hosts as [Host, ...Host[]]
  const start = async () => {
    const epmd = await startEpmd(t, { spawn: erlang.spawn })
    return startErl(t, { name: `app@${erlang.ipv4}`, cookie: 'secret', spawn: erlang.spawn, epmd })
  }
  const first = await start()
  const members = others.map((host) => site.join(host))
  const meshed = (): boolean => members.every(({ peers }) => peers.size === 2)
  await waitFor(meshed, { what: 'two members and an Erlang node to meet' })
  // A node of OTP counts a link some moments after it has said that it stands.
  const connected = `['app@${others[0]?.ipv4}','app@${others[1]?.ipv4}']`
  await waitFor(async () => (await first.evaluate('lists:sort(nodes(connected))')) === connected)
  await erlang.crash()
  await waitFor(() => members.every(({ peers }) => peers.size === 1))
  await start()
  await waitFor(meshed, { what: 'the Erlang node to be taken back' })
})

test('a member with another cookie is told once, and the others are a mesh all the same', async (t) => {
  const site = await createSite(t, 3)
  if (site === undefined) return
  const members = site.hosts.map((host, index) => site.join(host, index === 2 ? 'other' : 'secret'))
  const [one, two, stranger] = members as [MemberProcess, MemberProcess, MemberProcess]
  await formMesh([one, two])
  await waitFor(() => one.logged(/cannot join/).length > 0)
  await sleep(5000)
  assert.equal(one.logged(/cannot join/).length, 1, one.child.output)
  assert.match(one.logged(/cannot join/)[0] ?? '', /app@10\.77\.0\.3/)
  assert.ok(!one.child.output.includes('secret'), 'the cookie is nowhere to be seen')
  const { status } = await one.status()
  assert.deepEqual(status.topologies.main?.connected, [two.name])
  assert.deepEqual(
    status.topologies.main?.missing.map(({ name, refused }) => [name, refused]),
    [[stranger.name, true]],
  )
  assert.equal(stranger.peers.size, 0)
})

test('members that leave in order leave no process and no link behind', async (t) => {
  const site = await createSite(t, 2)
  if (site === undefined) return
  const members = site.hosts.map((host) => site.join(host))
  await formMesh(members)
  await members[0]?.stop()
  assert.equal(members[0]?.child.running, false)
  await waitFor(() => members[1]?.peers.size === 0)
})
