import { lookup } from 'node:dns/promises'
import { networkInterfaces } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { canonicalAddress } from '../address.ts'

/** Addresses of this machine's interfaces, canonical, without loopback. */
export function localAddresses(): string[] {
  const interfaces = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  return interfaces.filter(({ internal }) => !internal).flatMap(({ address }) => canonicalAddress(address) ?? [])
}

/** The addresses that the host of a node name stands for: itself, or what a host name resolves to (none if that takes too long). */
export async function selfAddresses(nodeName: string, timeoutMs: number): Promise<ReadonlySet<string>> {
  const host = nodeName.slice(nodeName.indexOf('@') + 1)
  const own = canonicalAddress(host)
  if (own !== undefined) return new Set([own])
  const done = new AbortController()
  try {
    const found = await Promise.race([
      lookup(host, { all: true }).catch(() => []),
      sleep(timeoutMs, [], { signal: done.signal }),
    ])
    return new Set(found.flatMap(({ address }) => canonicalAddress(address) ?? []))
  } finally {
    done.abort()
  }
}
