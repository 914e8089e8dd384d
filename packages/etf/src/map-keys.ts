import { DecodeError, EncodeError } from './errors.ts'
import { keyOf } from './key.ts'
import { kindOf } from './values/kind.ts'

/** Keys that share one comfortable form, by their exact form. */
interface Alike {
  readonly start: number
  exact: Set<string> | undefined
}

/**
 * Watches over the keys of one map that JavaScript compares by identity, such as tuples, pids and bytes: whether two are
 * the same term, which OTP refuses, or only look the same since comfortable decoding made 1 of 1.0 in them.
 */
export class MapKeys {
  readonly #keys: unknown[] = []
  readonly #starts: number[] = []

  /** Notes a key and the index at which it starts. */
  add(key: unknown, start: number): void {
    if (typeof key === 'bigint' || (typeof key === 'object' && key !== null && kindOf(key) !== 'atom')) {
      this.#keys.push(key)
      this.#starts.push(start)
    }
  }

  /**
   * The map itself, or a copy in which keys that look like an earlier one took their exact form, so that none is lost.
   * @throws DecodeError `ETF_DUPLICATE_KEY`
   */
  settled(map: Map<unknown, unknown>, readExactly: (start: number) => unknown): Map<unknown, unknown> {
    if (this.#keys.length === 0 || map.size < 2) return map
    const seen = new Map<string, Alike>()
    const replaced = new Map<unknown, unknown>()
    for (const [index, key] of this.#keys.entries()) {
      const start = this.#starts[index]!
      if (map.has(simpleTwin(key))) throw duplicate(start)
      const term = termOf(key, start)
      const earlier = seen.get(term)
      if (earlier === undefined) {
        seen.set(term, { start, exact: undefined })
        continue
      }
      earlier.exact ??= new Set([keyOf(readExactly(earlier.start))])
      const exactKey = readExactly(start)
      const exactTerm = keyOf(exactKey)
      if (earlier.exact.has(exactTerm)) throw duplicate(start)
      earlier.exact.add(exactTerm)
      replaced.set(key, exactKey)
    }
    if (replaced.size === 0) return map
    return new Map([...map].map(([key, value]) => [replaced.get(key) ?? key, value]))
  }
}

const none = Symbol('no twin')

/** The value that is the same term as this key and that JavaScript compares by contents, if there is one. */
function simpleTwin(key: unknown): unknown {
  if (typeof key === 'bigint') return Number.isSafeInteger(Number(key)) ? Number(key) : none
  if (!(key instanceof Uint8Array)) return none
  const term = keyOf(key)
  return term.startsWith('b') ? term.slice(term.indexOf(':') + 1) : none
}

function termOf(key: unknown, start: number): string {
  try {
    return keyOf(key)
  } catch (error) {
    if (error instanceof EncodeError)
      throw new DecodeError('ETF_DEPTH', start, 'the key of a map is nested too deep', { cause: error })
    throw error
  }
}

function duplicate(start: number): DecodeError {
  return new DecodeError('ETF_DUPLICATE_KEY', start, 'a key stands twice in a map')
}
