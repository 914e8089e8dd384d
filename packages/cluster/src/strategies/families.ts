import { addressFamily, canonicalAddress } from '../address.ts'

export interface AddressesByFamily {
  readonly 4: readonly string[]
  readonly 6: readonly string[]
}

export interface FamiliesInit {
  /** Host part of the own node name. */
  readonly ownHost: string
  /** Canonical addresses of this machine's interfaces, without loopback. */
  readonly localAddresses: readonly string[]
}

/**
 * The addresses that stand for nodes. A dual-stack Service lists each pod twice, but a node has one name: when our own pod is
 * there with an address of the other family than that of our name, the other family is left out.
 */
export function addressesOfNodes(found: AddressesByFamily, init: FamiliesInit): string[] {
  const family = addressFamily(init.ownHost)
  if (family !== undefined) {
    const local = new Set(init.localAddresses)
    const isLocal = (address: string): boolean => local.has(canonicalAddress(address) ?? address)
    const other = family === 4 ? 6 : 4
    if (found[other].some(isLocal)) return [...found[family]]
  }
  return [...found[4], ...found[6]]
}
