import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import {
  createNetwork,
  type Dnsmasq,
  type Erl,
  type Host,
  requirePeer,
  startDnsmasq,
  startElixir,
  startEpmd,
  waitFor,
} from '@tiebeam/testing'
import { ReplicaProcess } from './replica-process.ts'
import { GROUP } from './replica-protocol.ts'

const SERVICE = 'app.ns.svc.cluster.local'
const REPLICAS = 5

/** Five replicas that serve and call, one that only calls and stays, and an Elixir node with a member of the group. */
class Deployment {
  readonly #scope: TestContext
  readonly #dns: Dnsmasq
  readonly staying: ReplicaProcess
  readonly elixir: Erl
  readonly #elixirAddress: string
  replicas: ReplicaProcess[]

  static async start(t: TestContext): Promise<Deployment> {
    const hosts = Array.from({ length: REPLICAS }, (_, index) => `host${index + 1}`)
    const network = await createNetwork(t, { hosts: [...hosts, 'staying', 'elixir', 'dns'] })
    const [staying, elixirHost, server] = ['staying', 'elixir', 'dns'].map((name) => network.host(name)) as [
      Host,
      Host,
      Host,
    ]
    const dns = await startDnsmasq(t, { spawn: server.spawn, address: server.ipv4 })
    const epmd = await startEpmd(t, { spawn: elixirHost.spawn })
    const elixir = await startElixir(t, {
      name: `app@${elixirHost.ipv4}`,
      cookie: 'secret',
      epmd,
      spawn: elixirHost.spawn,
    })
    await elixir.evaluateElixir(elixirMember, { process: 'member' })
    return new Deployment(t, dns, {
      staying,
      elixir,
      elixirAddress: elixirHost.ipv4,
      hosts: hosts.map((name) => network.host(name)),
    })
  }

  private constructor(
    scope: TestContext,
    dns: Dnsmasq,
    init: { staying: Host; elixir: Erl; elixirAddress: string; hosts: readonly Host[] },
  ) {
    this.#scope = scope
    this.#dns = dns
    this.elixir = init.elixir
    this.#elixirAddress = init.elixirAddress
    this.staying = this.#start(init.staying, false)
    this.replicas = init.hosts.map((host) => this.#start(host, true))
  }

  get all(): ReplicaProcess[] {
    return [this.staying, ...this.replicas]
  }

  /** The records of the Service are those of the replicas that are to be there, as the endpoint controller sees to. */
  publish(): Promise<void> {
    return this.#dns.setRecords({ [SERVICE]: [this.#elixirAddress, ...this.all.map(({ host }) => host.ipv4)] })
  }

  /** Ends one replica, and starts its successor at an address that nobody had before. */
  async replace(index: number, end: (replica: ReplicaProcess) => Promise<unknown>): Promise<void> {
    const old = this.replicas[index] as ReplicaProcess
    const rest = this.replicas.filter((replica) => replica !== old)
    this.replicas = rest
    await Promise.all([this.publish(), end(old)])
    assert.deepEqual(old.wrong, [])
    await old.host.setAddresses(`10.77.0.${100 + index}`, `fd77::${100 + index}`)
    this.replicas = [...rest]
    this.replicas.splice(index, 0, this.#start(old.host, true))
    await this.publish()
    await this.whole()
  }

  /** Waits until every node sees exactly those that live, connected and in the group, and looks for nobody else. */
  async whole(): Promise<void> {
    const names = [this.elixir.name as string, ...this.all.map(({ name }) => name)].sort()
    const members = names.filter((name) => name !== this.staying.name)
    for (const replica of this.all) {
      const peers = names.filter((name) => name !== replica.name)
      const expected = JSON.stringify({ connected: peers, members, listed: peers, missing: [], connecting: [] })
      let seen = ''
      const isWhole = async (): Promise<boolean> => {
        const { connected, members, listed, missing, connecting } = await replica.status()
        seen = JSON.stringify({ connected, members, listed, missing, connecting })
        return seen === expected
      }
      await waitFor(isWhole, { what: () => `${replica.name} to see\n${expected}\nand nobody else; it sees\n${seen}` })
    }
    const ofElixir = 'Node.list(:connected) |> Enum.sort() |> Enum.map(&to_string/1) |> Enum.join(" ")'
    const peers = `"${names.filter((name) => name !== this.elixir.name).join(' ')}"`
    await waitFor(async () => (await this.elixir.evaluateElixir(ofElixir)) === peers)
    const seen = `Enum.count(:pg.get_members("${GROUP}"))`
    await waitFor(async () => (await this.elixir.evaluateElixir(seen)) === String(members.length))
  }

  /** Calls of the nodes that live whose outcome is unknown to them. */
  async unknown(): Promise<number> {
    const all = await Promise.all(this.all.map((replica) => replica.status()))
    return all.reduce((sum, { results }) => sum + results.outcomeUnknown, 0)
  }

  checkCalls(): void {
    for (const { wrong } of this.all) assert.deepEqual(wrong, [])
  }

  #start(host: Host, serves: boolean): ReplicaProcess {
    const { address: nameServer } = this.#dns
    return new ReplicaProcess(this.#scope, host, { name: `app@${host.ipv4}`, service: SERVICE, nameServer, serves })
  }
}

const elixirMember = `
  defmodule Worker do
    use GenServer
    def init(_) do
      :ok = :pg.join("${GROUP}", self())
      {:ok, nil}
    end
    def handle_call({:work, id}, _from, state), do: {:reply, id, state}
    def handle_call({:work_later, id}, from, state) do
      Process.send_after(self(), {:reply, from, id}, 10)
      {:noreply, state}
    end
    def handle_info({:reply, from, id}, state) do
      GenServer.reply(from, id)
      {:noreply, state}
    end
  end
  {:ok, _} = :pg.start_link()
  {:ok, _} = GenServer.start(Worker, nil)
  :ok`

test('while all replicas are replaced one by one, no call fails for lack of a member, and no node keeps a dead peer', async (t) => {
  if (!requirePeer(t, 'root', 'ip', 'nft', 'nsenter', 'unshare', 'dnsmasq', 'elixir', 'epmd')) return
  const deployment = await Deployment.start(t)
  await deployment.publish()
  await deployment.whole()

  for (let index = 0; index < REPLICAS; index++) {
    await deployment.replace(index, async (replica) => {
      const { outcomes } = await replica.terminate()
      assert.deepEqual([...outcomes].sort(), [
        'calls under way: done',
        'discovery: done',
        'groups: done',
        'own calls: done',
      ])
    })
  }
  deployment.checkCalls()
  assert.equal(await deployment.unknown(), 0, 'replicas that leave in order cost nobody a call')

  // Killed, a replica takes along what it was doing: those calls, and only those, are unknown.
  for (const index of [1, 3]) await deployment.replace(index, (replica) => replica.child.kill())
  deployment.checkCalls()
  const { results } = await deployment.staying.status()
  t.diagnostic(
    `${results.answer} calls of the node that stays were answered; ${await deployment.unknown()} are unknown`,
  )
  assert.ok(results.answer > 0)
})
