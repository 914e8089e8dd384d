import { isUtf8 } from 'node:buffer'
import { Binary, keyOf } from '@tiebeam/etf'

/**
 * A map whose keys are terms: two that OTP takes for the same are the same key. Text, the usual name of a thing, is its own key, which is
 * several times as fast as `keyOf`.
 */
export class TermMap<Value> {
  readonly #byText = new Map<string, Value>()
  /** Of all other terms, by `keyOf`. */
  readonly #byKey = new Map<string, Value>()

  get size(): number {
    return this.#byText.size + this.#byKey.size
  }

  /** @throws EncodeError for what has no term, as do `set` and `delete` */
  get(term: unknown): Value | undefined {
    if (typeof term === 'string') return this.#byText.get(term)
    const { map, key } = this.#placeOf(term)
    return map.get(key)
  }

  set(term: unknown, value: Value): void {
    if (typeof term === 'string') this.#byText.set(term, value)
    else {
      const { map, key } = this.#placeOf(term)
      map.set(key, value)
    }
  }

  delete(term: unknown): boolean {
    const { map, key } = this.#placeOf(term)
    return map.delete(key)
  }

  clear(): void {
    this.#byText.clear()
    this.#byKey.clear()
  }

  *values(): Iterable<Value> {
    yield* this.#byText.values()
    yield* this.#byKey.values()
  }

  /** Bytes that are text are the same term as the string. */
  #placeOf(term: unknown): { readonly map: Map<string, Value>; readonly key: string } {
    const text = textOf(term)
    return text === undefined ? { map: this.#byKey, key: keyOf(term) } : { map: this.#byText, key: text }
  }
}

function textOf(term: unknown): string | undefined {
  if (typeof term === 'string') return term
  const bytes = term instanceof Binary ? term.bytes : term
  return bytes instanceof Uint8Array && isUtf8(bytes) ? Buffer.from(bytes).toString() : undefined
}
