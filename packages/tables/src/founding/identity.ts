/**
 * A cluster identity tells when and from what the cluster was founded, so that any two can be put into one order, the same everywhere.
 * Generation 0 is a cluster that began with nothing; a reset makes the next generation of what it replaces.
 */
export interface FoundingStamp {
  readonly generation: number
  /** By the founder's clock, in milliseconds since 1970. It orders; nothing is measured with it. */
  readonly atMs: number
  readonly uid: string
}

const PATTERN = /^(\d{1,15})\.(\d{1,15})\.(.+)$/

export function identityOf({ generation, atMs, uid }: FoundingStamp): string {
  return `${generation}.${atMs}.${uid}`
}

/** Undefined for an identity that was not made here. */
function stampOf(identity: string): FoundingStamp | undefined {
  const match = PATTERN.exec(identity)
  if (match === null) return undefined
  return { generation: Number(match[1]), atMs: Number(match[2]), uid: match[3] as string }
}

/**
 * Which of two clusters goes on where they meet; negative for the left one. A reset was wanted, or proven to be needed, so the later
 * generation goes on; else the older cluster.
 */
export function compareIdentities(left: string, right: string): number {
  const [first, second] = [stampOf(left), stampOf(right)]
  if (first === undefined && second === undefined) return compareTexts(left, right)
  // One that tells nothing of its founding yields to one that does.
  if (first === undefined) return 1
  if (second === undefined) return -1
  return second.generation - first.generation || first.atMs - second.atMs || compareTexts(first.uid, second.uid)
}

/**
 * Whether a cluster ends where it meets the other. Where the authority makes sure of one cluster (`register`), another one can only come
 * of a reset, that a person wanted or that was proven to be needed.
 */
export function yields(own: string, other: string, founder: 'register' | 'lowest' = 'register'): boolean {
  if (founder === 'lowest') return compareIdentities(other, own) < 0
  return (stampOf(other)?.generation ?? 0) > (stampOf(own)?.generation ?? 0)
}

/** The generation of a cluster that replaces this one; 0 when there is none. */
export function nextGeneration(identity: string | undefined): number {
  return identity === undefined ? 0 : (stampOf(identity)?.generation ?? 0) + 1
}

function compareTexts(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}
