import { builderOf, type ObjectBuilder } from './object-builder.ts'

/** Longest key that is remembered, in bytes. */
const keyBytesMax = 64
/** Most keys of one object that are remembered; objects with more are used as dictionaries. */
const keysMax = 64
/** Different keys that may follow one key before it counts as a dictionary. */
const childrenMax = 64
/** Remembered positions before all are forgotten. */
const shapesMax = 4_096
/** Objects of one shape that are put together key by key before a builder is worth its compilation. */
const buildsBefore = 32
/** Builders that one decoder may ever compile. */
const buildersMax = 256

/**
 * One key at one position in objects that began with the same keys. Messages of one kind have the same keys in the same
 * order, so the key that followed last time is compared first, byte by byte, and costs neither a new string nor a look
 * into a table; and since a path of shapes holds no key twice, neither does an object that follows it.
 */
export class KeyShape {
  readonly key: string
  readonly bytes: Uint8Array
  readonly parent: KeyShape | undefined
  /** How many keys there are up to and including this one. */
  readonly size: number
  /** The shape that followed last, and the one before it: objects of two kinds often take turns. */
  next: KeyShape | undefined = undefined
  other: KeyShape | undefined = undefined
  children: Map<string, KeyShape> | undefined = undefined
  /** Makes objects that end with this key, once that is worth while. */
  builder: ObjectBuilder | undefined = undefined
  builds = 0
  /** The last short text that stood under this key: often the next is the same, such as the name of a kind. */
  text: string | undefined = undefined

  constructor(key: string, bytes: Uint8Array, parent: KeyShape | undefined) {
    this.key = key
    this.bytes = bytes
    this.parent = parent
    this.size = parent === undefined ? 0 : parent.size + 1
  }

  /** Whether these are the key's bytes; there are as many as `length` says. */
  matches(bytes: Uint8Array, start: number, length: number): boolean {
    const own = this.bytes
    if (own.length !== length) return false
    for (let i = 0; i < own.length; i++) if (own[i] !== bytes[start + i]) return false
    return true
  }

  /** Whether these bytes are the text that stood under this key last, in ASCII. */
  repeats(bytes: Uint8Array, start: number, length: number): boolean {
    const { text } = this
    if (text === undefined || text.length !== length) return false
    for (let i = 0; i < length; i++) {
      const byte = bytes[start + i]!
      if (byte !== text.charCodeAt(i) || byte >= 0x80) return false
    }
    return true
  }

  has(key: string): boolean {
    for (let shape: KeyShape = this; shape.parent !== undefined; shape = shape.parent) {
      if (shape.key === key) return true
    }
    return false
  }

  /** The keys up to and including this one, in order. */
  keys(): string[] {
    const keys: string[] = []
    for (let shape: KeyShape = this; shape.parent !== undefined; shape = shape.parent) keys.push(shape.key)
    return keys.reverse()
  }
}

/** The tree of shapes of one decoder; bounded, and forgotten as a whole when it is full. */
export class KeyShapes {
  root: KeyShape = new KeyShape('', new Uint8Array(0), undefined)
  #count = 0
  #builders = 0

  /**
   * The shape for this key after that one, new or known; undefined when it is better not to remember it, or when the
   * object already has the key.
   */
  follow(shape: KeyShape, key: string, bytes: Uint8Array, start: number, length: number): KeyShape | undefined {
    const known = shape.children?.get(key)
    if (known !== undefined) {
      shape.other = shape.next
      shape.next = known
      return known
    }
    if (length > keyBytesMax || shape.size >= keysMax || key === '__proto__' || shape.has(key)) return undefined
    shape.children ??= new Map()
    if (shape.children.size >= childrenMax) return undefined
    if (this.#count >= shapesMax) this.#forget()
    const created = new KeyShape(internalized(key), new Uint8Array(bytes.subarray(start, start + length)), shape)
    shape.children.set(created.key, created)
    shape.other = shape.next
    shape.next = created
    this.#count++
    return created
  }

  /** The object with the keys of this shape and these values. */
  build(shape: KeyShape, values: readonly unknown[]): Record<string, unknown> {
    if (++shape.builds === buildsBefore && this.#builders < buildersMax) {
      this.#builders++
      shape.builder = builderOf(shape.keys())
    }
    const object: Record<string, unknown> = {}
    for (const [index, key] of shape.keys().entries()) object[key] = values[index]
    return object
  }

  #forget(): void {
    this.root = new KeyShape('', new Uint8Array(0), undefined)
    this.#count = 0
  }
}

/** The engine's own copy of a string that is used as a key: setting a property with it needs no look-up by contents. */
function internalized(key: string): string {
  return Object.keys({ [key]: 0 })[0]!
}
