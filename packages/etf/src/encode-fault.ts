import { inspect, types } from 'node:util'
import { duplicateKeyIndex } from './duplicate-keys.ts'
import { EncodeError, type EncodeErrorCode } from './errors.ts'
import { takesLevel } from './levels.ts'
import { isRealmRoot } from './plain-objects.ts'
import { type Atom, atomNameFault } from './values/atom.ts'
import type { Fun } from './values/fun.ts'
import type { ImproperList } from './values/improper-list.ts'
import { type Kind, kindOf } from './values/kind.ts'
import type { Tuple } from './values/tuple.ts'

/**
 * Finds the place in a value that could not be encoded. It runs only after the encoder failed, so that encoding itself
 * carries no path and looks for no cycles.
 */
export function faultOf(value: unknown, error: unknown, depthMax: number): unknown {
  // Values that share parts can be endless in bytes: only a fault before the limit is worth a search.
  if (error instanceof EncodeError && error.code === 'ETF_SIZE') return error
  const search = new FaultSearch(depthMax)
  try {
    search.visit(value, [], 0)
  } catch (found) {
    if (found instanceof EncodeError) return found
    // Whatever broke the encoder, such as the end of the stack, met the search too.
  }
  if (error instanceof EncodeError) return error
  if (error instanceof RangeError && /call stack/.test(error.message)) {
    return new EncodeError('ETF_DEPTH', '$', 'nested deeper than the stack allows', { cause: error })
  }
  return new EncodeError('ETF_UNREADABLE', '$', 'reading it threw', { cause: error })
}

class FaultSearch {
  readonly #depthMax: number
  /** The values around the one that is visited: to meet one of them again is a cycle. */
  readonly #around = new Map<object, readonly string[]>()

  constructor(depthMax: number) {
    this.#depthMax = depthMax
  }

  visit(value: unknown, path: readonly string[], depth: number): void {
    if (typeof value === 'string') {
      if (!value.isWellFormed())
        fail('ETF_LONE_SURROGATE', path, 'the string holds half of a surrogate pair, which UTF-8 cannot express')
    } else if (typeof value === 'number') {
      if (!Number.isFinite(value)) fail('ETF_NO_TERM', path, `${value} has no term: send null or an atom instead`)
    } else if (typeof value === 'function' || typeof value === 'symbol') {
      fail('ETF_NO_TERM', path, `a ${typeof value} has no term`)
    } else if (typeof value === 'object' && value !== null) {
      this.#visitObject(value, path, depth + 1)
    }
  }

  #visitObject(value: object, path: readonly string[], depth: number): void {
    const outer = this.#around.get(value)
    if (outer !== undefined) fail('ETF_CYCLE', path, `it contains itself: it is ${outer.join('')} again`)
    if (depth > this.#depthMax && takesLevel(value))
      fail('ETF_DEPTH', shortened(path), `nested deeper than ${this.#depthMax} levels (depthMax)`)
    this.#around.set(value, path.length === 0 ? ['$'] : ['$', ...path])
    this.#visitParts(value, path, depth)
    this.#around.delete(value)
  }

  #visitParts(value: object, path: readonly string[], depth: number): void {
    const kind = kindOf(value)
    if (Array.isArray(value)) this.#visitEach(value, path, '', depth)
    else if (kind !== undefined) this.#visitKind(kind, value, path, depth)
    else if (types.isMap(value)) this.#visitMap(value, path, depth)
    else if (types.isSet(value)) this.#visitSet(value, path, depth)
    else if (types.isDate(value)) {
      if (Number.isNaN(value.getTime())) fail('ETF_NO_TERM', path, 'an invalid Date has no term')
    } else if (!types.isUint8Array(value)) this.#visitProperties(value, path, depth)
  }

  #visitEach(values: readonly unknown[], path: readonly string[], name: string, depth: number): void {
    for (let i = 0; i < values.length; i++) this.visit(values[i], [...path, `${name}[${i}]`], depth)
  }

  #visitProperties(value: object, path: readonly string[], depth: number): void {
    const prototype = Object.getPrototypeOf(value)
    if (prototype !== null && prototype !== Object.prototype && !isRealmRoot(prototype)) {
      const name = prototype.constructor?.name || 'a class'
      fail('ETF_NO_TERM', path, `an instance of ${name} has no term: send a plain object with its fields`)
    }
    for (const key of Object.keys(value)) {
      const inner = [...path, propertyStep(key)]
      if (!key.isWellFormed())
        fail('ETF_LONE_SURROGATE', inner, 'the key holds half of a surrogate pair, which UTF-8 cannot express')
      let property: unknown
      try {
        property = (value as Record<string, unknown>)[key]
      } catch (cause) {
        fail('ETF_UNREADABLE', inner, 'reading it threw', cause)
      }
      this.visit(property, inner, depth)
    }
  }

  #visitMap(map: ReadonlyMap<unknown, unknown>, path: readonly string[], depth: number): void {
    refuseDuplicates(map, path)
    let index = 0
    for (const [key, value] of map) {
      this.visit(key, [...path, `.keys()[${index}]`], depth)
      this.visit(value, [...path, mapStep(key)], depth)
      index++
    }
  }

  #visitSet(set: ReadonlySet<unknown>, path: readonly string[], depth: number): void {
    refuseDuplicates(set, path)
    let index = 0
    for (const member of set) this.visit(member, [...path, `.values()[${index++}]`], depth + 1)
  }

  #visitKind(kind: Kind, value: object, path: readonly string[], depth: number): void {
    switch (kind) {
      case 'atom': {
        const fault = atomNameFault((value as Atom).name)
        if (fault !== undefined) fail(fault.code, path, fault.reason)
        break
      }
      case 'tuple':
        for (const [index, element] of (value as Tuple).elements.entries())
          this.visit(element, [...path, `.at(${index})`], depth)
        break
      case 'improperList':
        this.#visitEach((value as ImproperList).elements, path, '.elements', depth)
        this.visit((value as ImproperList).tail, [...path, '.tail'], depth)
        break
      case 'fun':
        this.#visitFun(value as Fun, path, depth)
        break
      case 'local':
        if (path.length > 0) fail('ETF_NO_TERM', path, 'a local term may only stand by itself, not inside another term')
        break
      case 'exportFun':
        visitName((value as { module: unknown }).module, path, '.module')
        visitName((value as { function: unknown }).function, path, '.function')
        visitByte((value as { arity: number }).arity, path, '.arity')
        break
      case 'pid':
        this.#visitWords(value, path, ['id', 'serial', 'creation'])
        break
      case 'reference': {
        const { ids } = value as { ids: readonly number[] }
        if (ids.length < 1 || ids.length > 5)
          fail('ETF_RANGE', [...path, '.ids'], `a reference has 1 to 5 words, not ${ids.length}`)
        for (const [index, word] of ids.entries()) visitWord(word, path, `.ids[${index}]`)
        this.#visitWords(value, path, ['creation'])
        break
      }
      case 'port':
        visitPortId((value as { id: unknown }).id, path)
        this.#visitWords(value, path, ['creation'])
        break
      case 'bitString':
      case 'binary':
      case 'float':
        break
    }
  }

  #visitFun(fun: Fun, path: readonly string[], depth: number): void {
    visitName(fun.module, path, '.module')
    this.#visitObject(fun.pid, [...path, '.pid'], depth)
    if (fun.digest !== undefined && fun.digest.length !== 16) {
      fail('ETF_RANGE', [...path, '.digest'], `the digest of a fun has 16 bytes, not ${fun.digest.length}`)
    }
    if (fun.digest !== undefined && fun.arity !== undefined) {
      visitByte(fun.arity, path, '.arity')
      visitWord(fun.index, path, '.index')
    }
    for (const name of ['oldIndex', 'oldUnique'] as const) {
      if (!Number.isSafeInteger(fun[name]))
        fail('ETF_RANGE', [...path, `.${name}`], `${fun[name]} is not a safe integer`)
    }
    this.#visitEach(fun.free, path, '.free', depth)
  }

  #visitWords(value: object, path: readonly string[], names: readonly string[]): void {
    visitName((value as { node: unknown }).node, path, '.node')
    for (const name of names) visitWord((value as Record<string, number>)[name], path, `.${name}`)
  }
}

function visitName(name: unknown, path: readonly string[], step: string): void {
  const fault = atomNameFault(name)
  if (fault !== undefined) fail(fault.code, [...path, step], fault.reason)
}

function visitWord(value: unknown, path: readonly string[], step: string): void {
  if (typeof value !== 'number' || value >>> 0 !== value) {
    fail('ETF_RANGE', [...path, step], `${String(value)} is not an integer of 32 bits without sign`)
  }
}

function visitByte(value: unknown, path: readonly string[], step: string): void {
  if (typeof value !== 'number' || (value & 255) !== value)
    fail('ETF_RANGE', [...path, step], `${String(value)} is not 0 to 255`)
}

function visitPortId(id: unknown, path: readonly string[]): void {
  if (typeof id !== 'bigint' || BigInt.asUintN(64, id) !== id) {
    fail('ETF_RANGE', [...path, '.id'], `the id of a port is a bigint of 64 bits without sign, not ${String(id)}`)
  }
}

function refuseDuplicates(keys: { keys(): IterableIterator<unknown> }, path: readonly string[]): void {
  let index: number
  try {
    index = duplicateKeyIndex(keys.keys())
  } catch {
    // Some key has no term; the visit of the keys tells which.
    return
  }
  if (index < 0) return
  const key = [...keys.keys()][index]
  fail(
    'ETF_DUPLICATE_KEY',
    [...path, `.keys()[${index}]`],
    `${shown(key)} is the same term as an earlier key, and OTP refuses such a map`,
  )
}

function propertyStep(key: string): string {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`
}

function mapStep(key: unknown): string {
  return `.get(${typeof key === 'string' ? JSON.stringify(key) : shown(key)})`
}

function shown(key: unknown): string {
  return inspect(key, { depth: 1, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 80 })
}

/** The path of a value nested a thousand levels deep helps by its start. */
function shortened(path: readonly string[]): readonly string[] {
  return path.length > 12 ? [...path.slice(0, 12), '…'] : path
}

function fail(code: EncodeErrorCode, path: readonly string[], reason: string, cause?: unknown): never {
  throw new EncodeError(code, `$${path.join('')}`, reason, cause === undefined ? undefined : { cause })
}
