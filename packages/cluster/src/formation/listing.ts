import { isNodeName } from '@tiebeam/distribution'
import { canonicalAddress } from '../address.ts'

export interface SiftInit {
  /** Own node name. */
  readonly self: string
  /** Addresses that the host of the own name stands for, canonical; names with our base and one of these are our own. */
  readonly selfAddresses: ReadonlySet<string>
  /** More names than this are left out, the same ones at every node. */
  readonly namesMax: number
}

export interface Sifted {
  /** Distinct, valid, not our own; in order. */
  readonly names: readonly string[]
  /** What is no node name; at most a few of them, cut short. */
  readonly rejected: readonly string[]
  readonly rejectedCount: number
  /** How many names were left out because of `namesMax`. */
  readonly surplusCount: number
}

const REJECTED_SHOWN_MAX = 5
const REJECTED_CHARACTERS_MAX = 80

/** What a strategy found, reduced to the names that may be dialled. */
export function sift(found: readonly unknown[], init: SiftInit): Sifted {
  const shortNames = !isNodeName(init.self)
  const names = new Set<string>()
  const rejected: string[] = []
  let rejectedCount = 0
  for (const candidate of found) {
    if (typeof candidate !== 'string' || !isNodeName(candidate, { shortNames })) {
      rejectedCount += 1
      if (rejected.length < REJECTED_SHOWN_MAX) rejected.push(String(candidate).slice(0, REJECTED_CHARACTERS_MAX))
    } else if (!isOwnName(candidate, init)) {
      names.add(candidate)
    }
  }
  // Sorted, so that every node which sees the same records leaves out the same names, and those that remain are one mesh.
  const sorted = [...names].sort()
  return {
    names: sorted.slice(0, init.namesMax),
    rejected,
    rejectedCount,
    surplusCount: Math.max(0, sorted.length - init.namesMax),
  }
}

function isOwnName(name: string, init: SiftInit): boolean {
  if (name === init.self) return true
  const [base, host] = splitName(name)
  if (base !== splitName(init.self)[0]) return false
  const address = canonicalAddress(host)
  return address !== undefined && init.selfAddresses.has(address)
}

function splitName(name: string): [base: string, host: string] {
  const at = name.indexOf('@')
  return [name.slice(0, at), name.slice(at + 1)]
}
