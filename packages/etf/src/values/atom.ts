import { EncodeError } from '../errors.ts'
import { inspectAtom } from '../inspect.ts'
import { keyOf } from '../key.ts'
import { inspectSymbol, kind } from './kind.ts'

/**
 * The intern table: the one piece of state at module level. It holds atoms weakly, so atoms that a peer invents do not
 * pile up as they do in the BEAM.
 */
const table = new Map<string, WeakRef<Atom>>()
const collected = new FinalizationRegistry<string>((name) => {
  if (table.get(name)?.deref() === undefined) table.delete(name)
})

/** An Erlang atom. Two atoms of one name are the same object: compare with `===`. */
export class Atom {
  readonly name: string

  private constructor(name: string) {
    this.name = name
    Object.freeze(this)
  }

  /** The atom of this name, without a check of the name: {@link atom} is what applications call. */
  static intern(name: string): Atom {
    const known = table.get(name)?.deref()
    if (known !== undefined) return known
    const created = new Atom(name)
    table.set(name, new WeakRef(created))
    collected.register(created, name)
    return created
  }

  get [kind](): 'atom' {
    return 'atom'
  }

  get key(): string {
    return keyOf(this)
  }

  equals(other: unknown): boolean {
    return this === other || keyOf(other) === this.key
  }

  /** The bare name, so that a template string reads well. */
  toString(): string {
    return this.name
  }

  [inspectSymbol](): string {
    return inspectAtom(this.name)
  }
}

/**
 * The atom of this name. `atom('true')`, `atom('false')`, `atom('nil')` and `atom('undefined')` can be sent, and arrive
 * as `true`, `false`, `null` and `undefined`.
 * @throws EncodeError `ETF_ATOM_LENGTH` past 255 characters, `ETF_LONE_SURROGATE`
 */
export function atom(name: string): Atom {
  const fault = atomNameFault(name)
  if (fault !== undefined) throw new EncodeError(fault.code, '$', fault.reason)
  return Atom.intern(name)
}

/** What makes a name unfit for an atom, if anything. */
export function atomNameFault(
  name: unknown,
): { code: 'ETF_ATOM_LENGTH' | 'ETF_LONE_SURROGATE' | 'ETF_NO_TERM'; reason: string } | undefined {
  if (typeof name !== 'string')
    return { code: 'ETF_NO_TERM', reason: `the name of an atom is a string, not ${typeof name}` }
  if (name.length > 255 && characters(name) > 255) {
    return { code: 'ETF_ATOM_LENGTH', reason: `an atom has at most 255 characters, this one has ${characters(name)}` }
  }
  if (!name.isWellFormed())
    return { code: 'ETF_LONE_SURROGATE', reason: 'the name of an atom holds half of a surrogate pair' }
  return undefined
}

function characters(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}
