import type { EndpointSlice, Pod } from '@tiebeam/k8s'
import { addressFamily } from '../address.ts'

/** A pod that may be a node. */
export interface Member {
  /** Of each family at most one; the pod's own order. */
  readonly addresses: readonly string[]
  readonly hostname: string | undefined
  readonly namespace: string
}

export interface NamingRules {
  /** `ip`: `app@10.0.0.7`. `dns`: `app@10-0-0-7.ns.pod.cluster.local`. `hostname`: `app@app-0.service.ns.svc.cluster.local`. */
  readonly mode: 'ip' | 'dns' | 'hostname'
  readonly basename: string
  readonly service: string | undefined
  /** Such as `cluster.local`. */
  readonly domain: string
}

/**
 * The ready endpoints. A Service of two families has slices of each, so a pod may stand in several.
 * https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/
 */
export function membersOfSlices(slices: Iterable<EndpointSlice>): Member[] {
  const members = new Map<string, Member>()
  for (const { metadata, addressType, endpoints } of slices) {
    // What an FQDN stands for is not known to be a pod.
    if (addressType === 'FQDN') continue
    for (const { addresses, hostname, conditions, targetRef } of endpoints ?? []) {
      // Unknown counts as ready. A Service with publishNotReadyAddresses has all of them ready.
      const [address] = addresses
      if (address === undefined || conditions?.ready === false) continue
      const key = targetRef?.uid ?? targetRef?.name ?? address
      const before = members.get(key)
      members.set(key, {
        addresses: [...(before?.addresses ?? []), address],
        hostname: hostname ?? before?.hostname,
        namespace: metadata?.namespace ?? 'default',
      })
    }
  }
  return [...members.values()]
}

/** The pods that have an address and have not ended: the address of one that has may be another's by now. */
export function membersOfPods(pods: Iterable<Pod>): Member[] {
  const members: Member[] = []
  for (const { metadata, spec, status } of pods) {
    if (status?.phase === 'Succeeded' || status?.phase === 'Failed') continue
    const addresses = status?.podIPs?.map(({ ip }) => ip) ?? []
    if (addresses.length === 0 && status?.podIP !== undefined) addresses.push(status.podIP)
    if (addresses.length === 0) continue
    members.push({ addresses, hostname: spec?.hostname, namespace: metadata?.namespace ?? 'default' })
  }
  return members
}

/** The nodes' names, sorted. A pod with addresses of two families has the name with the one that is of our own name's family. */
export function nodeNames(members: readonly Member[], rules: NamingRules, ownHost: string): string[] {
  const family = ownFamily(ownHost)
  const hosts = members.flatMap((member) => hostOf(member, rules, family) ?? [])
  return [...new Set(hosts)].sort().map((host) => `${rules.basename}@${host}`)
}

function hostOf(member: Member, { mode, service, domain }: NamingRules, family: 4 | 6 | undefined): string | undefined {
  const { addresses, hostname, namespace } = member
  const address = addresses.find((each) => addressFamily(each) === family) ?? addresses[0]
  switch (mode) {
    case 'ip':
      return address
    case 'dns':
      return address === undefined ? undefined : `${address.replace(/[.:]/g, '-')}.${namespace}.pod.${domain}`
    case 'hostname':
      return hostname === undefined ? undefined : `${hostname}.${service}.${namespace}.svc.${domain}`
  }
}

/** Of an address, or of the first label of a pod's A or AAAA record. */
function ownFamily(host: string): 4 | 6 | undefined {
  const [label = ''] = host.split('.')
  return addressFamily(host) ?? addressFamily(label.replaceAll('-', '.')) ?? addressFamily(label.replaceAll('-', ':'))
}
