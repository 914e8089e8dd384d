import { isUtf8 } from 'node:buffer'
import { inspectBits, inspectFloat, inspectText } from '../inspect.ts'
import { keyOf } from '../key.ts'
import { inspectSymbol, kind } from './kind.ts'

/**
 * A float whose value is a safe integer, such as `1.0`, which a plain number would turn into the integer `1`. Exact
 * decoding makes these; an application makes one where a BEAM function insists on a float.
 */
export class Float {
  readonly value: number

  /** @throws RangeError for NaN and the infinities, which Erlang does not have */
  constructor(value: number) {
    if (!Number.isFinite(value)) throw new RangeError(`Erlang has no float for ${value}`)
    this.value = value
  }

  get [kind](): 'float' {
    return 'float'
  }

  get key(): string {
    return keyOf(this)
  }

  equals(other: unknown): boolean {
    return this === other || keyOf(other) === this.key
  }

  valueOf(): number {
    return this.value
  }

  toString(): string {
    return inspectFloat(this.value)
  }

  [inspectSymbol](): string {
    return this.toString()
  }
}

/** An Erlang binary as exact decoding keeps it: its bytes, whether or not they are text. */
export class Binary {
  readonly bytes: Uint8Array

  /** Takes over the bytes, which must not change from now on. */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  get [kind](): 'binary' {
    return 'binary'
  }

  /** The text, when the bytes are valid UTF-8. */
  get text(): string | undefined {
    return isUtf8(this.bytes)
      ? Buffer.from(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length).toString()
      : undefined
  }

  get key(): string {
    return keyOf(this)
  }

  equals(other: unknown): boolean {
    return this === other || keyOf(other) === this.key
  }

  toString(): string {
    const text = this.text
    return text === undefined ? inspectBits(this.bytes, 8) : inspectText(text)
  }

  [inspectSymbol](): string {
    return this.toString()
  }
}

/**
 * A term in the sender's own format (LOCAL_EXT), which only that sender can read. It may stand only by itself, never
 * inside another term, and is encoded again as it came.
 */
export class LocalTerm {
  /** Everything after the tag. */
  readonly bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  get [kind](): 'local' {
    return 'local'
  }

  get key(): string {
    return keyOf(this)
  }

  equals(other: unknown): boolean {
    return this === other || keyOf(other) === this.key
  }

  toString(): string {
    return `#LocalTerm<${this.bytes.length} bytes>`
  }

  [inspectSymbol](): string {
    return this.toString()
  }
}
