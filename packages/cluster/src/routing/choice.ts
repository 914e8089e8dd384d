import type { Pid } from '@tiebeam/distribution'

/**
 * Of these members the one to which a key belongs: the highest of the scores that key and member have together (rendezvous hashing). Every node
 * that sees the same members chooses the same, and when members come or go, only the keys move that belong to them.
 */
export function memberForKey(members: readonly Pid[], key: string): Pid | undefined {
  const keyHash = hash(key)
  let chosen: Pid | undefined
  let chosenScore = -1
  for (const member of members) {
    const score = mix(keyHash ^ hash(identityOf(member)))
    // Two members of one score, once in billions: the same one at every node, whatever the order of the members.
    const isTie = score === chosenScore && chosen !== undefined
    if (score > chosenScore || (isTie && identityOf(member) < identityOf(chosen as Pid))) {
      chosen = member
      chosenScore = score
    }
  }
  return chosen
}

/** Of these members the one with the fewest calls under way; the search begins at another one each `turn`, so that equals take turns. */
export function leastBusyMember(
  members: readonly Pid[],
  underWay: (member: Pid) => number,
  turn: number,
): Pid | undefined {
  let chosen: Pid | undefined
  let fewest = Number.POSITIVE_INFINITY
  for (let step = 0; step < members.length && fewest > 0; step++) {
    const member = members[(turn + step) % members.length] as Pid
    const count = underWay(member)
    if (count < fewest) {
      chosen = member
      fewest = count
    }
  }
  return chosen
}

/** The same at every node, in every release. */
function identityOf({ node, id, serial, creation }: Pid): string {
  return `${node} ${id} ${serial} ${creation}`
}

/** FNV-1a of 32 bits, over UTF-16 code units. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193)
  return mix(value)
}

/** The last step of MurmurHash3, after which each bit of the input has a part in each of the output. */
function mix(value: number): number {
  let mixed = value ^ (value >>> 16)
  mixed = Math.imul(mixed, 0x85ebca6b)
  mixed ^= mixed >>> 13
  mixed = Math.imul(mixed, 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
