import { type InspectDepth, inspectImproperList } from '../inspect.ts'
import { keyOf } from '../key.ts'
import { inspectSymbol, kind, kindOf } from './kind.ts'

/** A list that does not end in `[]`: `new ImproperList([1, 2], 3)` is `[1, 2 | 3]`. */
export class ImproperList {
  /** At least one element. */
  readonly elements: readonly unknown[]
  /** Anything but a list. */
  readonly tail: unknown

  /** @throws TypeError when there is no element, or the tail is a list, which would make another list of it */
  constructor(elements: readonly unknown[], tail: unknown) {
    if (elements.length === 0) throw new TypeError('an improper list has at least one element before its tail')
    if (Array.isArray(tail) || (typeof tail === 'object' && tail !== null && kindOf(tail) === 'improperList')) {
      throw new TypeError('the tail of an improper list is not a list: join the elements of both instead')
    }
    this.elements = elements
    this.tail = tail
  }

  get [kind](): 'improperList' {
    return 'improperList'
  }

  get key(): string {
    return keyOf(this)
  }

  equals(other: unknown): boolean {
    return this === other || keyOf(other) === this.key
  }

  toString(): string {
    return inspectImproperList(this.elements, this.tail)
  }

  [inspectSymbol](depth: number, options: InspectDepth): string {
    return inspectImproperList(this.elements, this.tail, depth, options)
  }
}
