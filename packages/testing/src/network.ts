import { Host, Namespace } from './host.ts'
import type { Scope } from './scope.ts'

export interface NetworkInit {
  /** Names of the hosts, or how many (then they are called host1, host2, …). */
  hosts: number | readonly string[]
  /** Written into each host's /etc/resolv.conf: the host whose DNS server (port 53) the others use. Default: none. */
  nameserver?: string
}

/**
 * Hosts in network namespaces of their own, joined by a bridge, with IPv4 (10.77.0.1, .2, …) and IPv6 (fd77::1, …). Each
 * has its own loopback, host name and /etc/hosts, which knows all hosts by name. Nothing outside can be reached.
 *
 * Cuts drop frames in the bridge, all kinds of them, so connections see what a cut cable shows them: silence. Each change
 * of the cuts is one nftables transaction, so it takes effect for all hosts at once.
 */
export class Network {
  readonly hosts: readonly Host[]
  readonly #switch: Namespace
  readonly #destroy: () => Promise<void>

  constructor(hosts: readonly Host[], bridge: Namespace, destroy: () => Promise<void>) {
    this.hosts = hosts
    this.#switch = bridge
    this.#destroy = destroy
  }

  host(name: string): Host {
    return this.hosts[this.#index(name)] as Host
  }

  /**
   * Cuts the network between the groups (host names). Hosts that are in no group still reach everybody. Replaces every cut
   * made before.
   */
  partition(...groups: ReadonlyArray<readonly string[]>): Promise<void> {
    const pairs: Array<[string, string]> = []
    for (const [index, group] of groups.entries()) {
      const others = groups.filter((_, other) => other !== index).flat()
      for (const from of group) for (const to of others) pairs.push([from, to])
    }
    return this.cut(pairs)
  }

  /** Drops what goes from one host to the other, per pair and in that direction only. Replaces every cut made before. */
  cut(pairs: ReadonlyArray<readonly [from: string, to: string]>): Promise<void> {
    const elements = pairs.map(([from, to]) => `"port${this.#index(from)}" . "port${this.#index(to)}"`)
    const table = [
      'table bridge cut {',
      '  set pairs {',
      '    type ifname . ifname',
      elements.length > 0 ? `    elements = { ${[...new Set(elements)].join(', ')} }` : '',
      '  }',
      '  chain forward {',
      '    type filter hook forward priority 0; policy accept;',
      '    iifname . oifname @pairs drop',
      '  }',
      '}',
    ]
    return this.#nft(pairs.length === 0 ? [] : table)
  }

  /** Takes every cut away. */
  heal(): Promise<void> {
    return this.#nft([])
  }

  /** Kills everything that runs on the hosts, and removes them. Done by itself when the scope ends. */
  destroy(): Promise<void> {
    return this.#destroy()
  }

  #index(name: string): number {
    const index = this.hosts.findIndex((host) => host.name === name)
    if (index < 0) throw new RangeError(`no host ${name} in this network`)
    return index
  }

  async #nft(table: readonly string[]): Promise<void> {
    // Declared before it is deleted: deleting a table that is not there would fail the transaction.
    const transaction = ['table bridge cut', 'delete table bridge cut', ...table, ''].join('\n')
    const { code, stderr } = await this.#switch.exec('nft', ['-f', '-'], transaction)
    if (code !== 0) throw new Error(`nft: ${stderr}`)
  }
}

/** Makes a network; needs root on Linux, and the peers 'ip', 'nft', 'nsenter', 'unshare' (`requirePeer(t, 'root', …)`). */
export async function createNetwork(scope: Scope, init: NetworkInit): Promise<Network> {
  const names =
    typeof init.hosts === 'number' ? Array.from({ length: init.hosts }, (_, i) => `host${i + 1}`) : init.hosts
  const namespaces: Namespace[] = []
  const destroy = async (): Promise<void> => {
    await Promise.all(namespaces.map((namespace) => namespace.destroy()))
  }
  scope.after(destroy)
  const create = async (): Promise<Namespace> => {
    const namespace = await Namespace.create()
    namespaces.push(namespace)
    return namespace
  }
  const bridge = await create()
  // Without forwarding delay the bridge passes frames from the first moment on.
  await bridge.script(['ip link set lo up', 'ip link add name br0 type bridge forward_delay 0', 'ip link set br0 up'])
  const plans = names.map((name, index) => ({
    name,
    index,
    ipv4: `10.77.0.${index + 1}`,
    ipv6: `fd77::${(index + 1).toString(16)}`,
  }))
  const known = plans.map(({ name, ipv4, ipv6 }) => `${ipv4} ${name}\n${ipv6} ${name}\n`).join('')
  const nameserver = plans.find((plan) => plan.name === init.nameserver)
  const files = {
    '/etc/hosts': `127.0.0.1 localhost\n::1 localhost\n${known}`,
    '/etc/resolv.conf': nameserver === undefined ? '\n' : `nameserver ${nameserver.ipv4}\n`,
  }
  const hosts = await Promise.all(
    plans.map(async ({ name, index, ipv4, ipv6 }) => {
      const namespace = await create()
      await bridge.script([
        `ip link add name port${index} type veth peer name eth0 netns ${namespace.holderPid}`,
        `ip link set port${index} master br0 up`,
      ])
      await namespace.script([
        `hostname ${name}`,
        ...replaceFiles(files),
        'ip link set lo up',
        `ip address add ${ipv4}/24 dev eth0`,
        `ip address add ${ipv6}/64 dev eth0 nodad`,
        'ip link set eth0 up',
      ])
      return new Host(name, namespace, ipv4, ipv6)
    }),
  )
  return new Network(hosts, bridge, destroy)
}

/** Commands that lay other contents over files, in this mount namespace only: nothing of it is on any disk. */
function replaceFiles(files: Readonly<Record<string, string>>): string[] {
  const each = Object.entries(files).flatMap(([path, text], index) => [
    `cat > /mnt/${index} <<'END'\n${text}END`,
    `mount --bind /mnt/${index} ${path}`,
  ])
  return ['mount -t tmpfs none /mnt', ...each, 'umount --lazy /mnt']
}
