import { type InspectDepth, inspectTuple } from '../inspect.ts'
import { keyOf } from '../key.ts'
import { inspectSymbol, kind } from './kind.ts'

/** An Erlang tuple: `tuple(atom('ok'), 1)` is `{ok, 1}`. */
export class Tuple<Elements extends readonly unknown[] = readonly unknown[]> {
  readonly elements: Elements

  /** Takes over the array, which must not change from now on; {@link tuple} is the comfortable form. */
  constructor(elements: Elements) {
    this.elements = elements
  }

  get [kind](): 'tuple' {
    return 'tuple'
  }

  get length(): Elements['length'] {
    return this.elements.length
  }

  /** The element at this index, counted from 0; negative from the end. */
  at(index: number): Elements[number] | undefined {
    return this.elements.at(index)
  }

  [Symbol.iterator](): IterableIterator<Elements[number]> {
    return this.elements[Symbol.iterator]()
  }

  get key(): string {
    return keyOf(this)
  }

  equals(other: unknown): boolean {
    return this === other || keyOf(other) === this.key
  }

  toString(): string {
    return inspectTuple(this.elements)
  }

  [inspectSymbol](depth: number, options: InspectDepth): string {
    return inspectTuple(this.elements, depth, options)
  }
}

/** A tuple of these elements. */
export function tuple<const Elements extends readonly unknown[]>(...elements: Elements): Tuple<Elements> {
  return new Tuple(elements)
}
