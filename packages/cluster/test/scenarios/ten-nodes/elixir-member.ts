import { type Child, type Erl, type Host, type Scope, startElixir } from '@tiebeam/testing'
import { type Member, type MemberInit, memberName } from './member.ts'

/** libcluster's default. */
const POLLING_INTERVAL_MS = 5000

/** An Elixir node that looks for its peers as libcluster's Kubernetes.DNS and DNSPoll do. */
export class ElixirMember implements Member {
  readonly kind = 'elixir'
  readonly name: string
  readonly host: Host
  readonly listeningMs: number
  readonly links: Map<string, number>
  readonly #erl: Erl

  static async start(scope: Scope, init: MemberInit): Promise<ElixirMember> {
    const { host, cookie, netTickTimeSeconds } = init
    const erl = await startElixir(scope, {
      name: memberName(host),
      cookie,
      spawn: host.spawn,
      // The host's own, which outlives the node.
      epmd: { port: 4369 },
      args: ['-kernel', 'net_ticktime', String(netTickTimeSeconds), 'logger_level', 'error'],
      // Before all else that is evaluated: it listens when the kernel application has started, just before.
      env: { ERL_AFLAGS: "-eval 'persistent_term:put(listening_ms,erlang:system_time(millisecond)).'" },
    })
    const links = new Map<string, number>()
    erl.channel.on('message', (bytes) => {
      const [event, peer = '', atMs] = bytes.toString().split(' ')
      if (event === 'up') links.set(peer, Number(atMs))
      else links.delete(peer)
    })
    const listeningMs = Number(await erl.evaluate('persistent_term:get(listening_ms)'))
    const member = new ElixirMember(host, erl, listeningMs, links)
    await erl.evaluateElixir(program(init))
    return member
  }

  private constructor(host: Host, erl: Erl, listeningMs: number, links: Map<string, number>) {
    this.name = memberName(host)
    this.host = host
    this.#erl = erl
    this.listeningMs = listeningMs
    this.links = links
  }

  get child(): Child {
    return this.#erl.child
  }

  stop(): Promise<void> {
    return this.#erl.stop()
  }
}

function program({ service, nameServer }: MemberInit): string {
  return `
    emit = fn event, peer -> :tiebeam_peer.emit("#{event} #{peer} #{System.system_time(:millisecond)}") end
    events = fn events ->
      receive do
        {:nodeup, peer, _} -> emit.("up", peer)
        {:nodedown, peer, _} -> emit.("down", peer)
      end
      events.(events)
    end
    {:ok, server} = :inet.parse_address(~c"${nameServer}")
    poll = fn poll ->
      addresses = :inet_res.lookup(~c"${service}", :in, :a, nameservers: [{server, 53}])
      listed = for address <- addresses, do: :"app@#{:inet.ntoa(address)}"
      for peer <- listed -- [node() | Node.list(:connected)], do: Node.connect(peer)
      Process.sleep(${POLLING_INTERVAL_MS})
      poll.(poll)
    end
    spawn(fn ->
      :net_kernel.monitor_nodes(true, node_type: :all)
      for peer <- Node.list(:connected), do: emit.("up", peer)
      events.(events)
    end)
    spawn(fn -> poll.(poll) end)
  `
}
