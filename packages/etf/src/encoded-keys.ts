/** Longest key that is remembered, in UTF-16 units. */
const keyUnitsMax = 32
/** Different keys that may follow one key before it counts as a dictionary. */
const childrenMax = 64
/** Remembered positions before all are forgotten. */
const keysMax = 4_096

/** A key with its bytes (BINARY_EXT, header and all), at one position among the keys of objects. */
export class EncodedKey {
  readonly key: string
  readonly bytes: Uint8Array
  /** The key that followed last. */
  next: EncodedKey | undefined = undefined
  children: Map<string, EncodedKey> | undefined = undefined

  constructor(key: string, bytes: Uint8Array) {
    this.key = key
    this.bytes = bytes
  }
}

/**
 * The keys that one encoder met, in a tree of what followed what: objects of one kind have the same keys in the same
 * order, so the key that followed last time needs one comparison of pointers, and its bytes are at hand. Bounded, and
 * forgotten as a whole when it is full.
 */
export class EncodedKeys {
  root = new EncodedKey('', new Uint8Array(0))
  #count = 0

  /** The known key that follows that one; undefined if it is none. */
  find(after: EncodedKey, key: string): EncodedKey | undefined {
    const known = after.children?.get(key)
    if (known !== undefined) after.next = known
    return known
  }

  /** Remembers a key that was just written, where that is worth while. */
  keep(after: EncodedKey, key: string, bytes: Uint8Array): EncodedKey | undefined {
    if (key.length > keyUnitsMax) return undefined
    after.children ??= new Map()
    if (after.children.size >= childrenMax) return undefined
    if (this.#count >= keysMax) {
      this.root = new EncodedKey('', new Uint8Array(0))
      this.#count = 0
    }
    const created = new EncodedKey(key, new Uint8Array(bytes))
    after.children.set(key, created)
    after.next = created
    this.#count++
    return created
  }
}
