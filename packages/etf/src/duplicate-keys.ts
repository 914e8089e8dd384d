import { keyOf } from './key.ts'
import { kindOf } from './values/kind.ts'

/**
 * The index of the first key that is the same term as an earlier one, or -1. JavaScript tells keys apart that OTP does
 * not, such as 1 and 1n, or two objects with the same contents; OTP refuses a map that holds both, and closes the link.
 */
export function duplicateKeyIndex(keys: Iterable<unknown>): number {
  const all = [...keys]
  // Most maps have only keys of which JavaScript itself keeps at most one.
  if (all.length < 2 || all.every(isSimple)) return -1
  const seen = new Set<string>()
  for (const [index, key] of all.entries()) {
    const term = keyOf(key)
    if (seen.has(term)) return index
    seen.add(term)
  }
  return -1
}

function isSimple(key: unknown): boolean {
  if (typeof key === 'object' && key !== null)
    return kindOf(key) === 'atom' && !aliased.has((key as { name: string }).name)
  return typeof key !== 'bigint'
}

/** Names of the atoms that stand for JavaScript's own values. */
const aliased: ReadonlySet<string> = new Set(['true', 'false', 'nil', 'undefined'])
