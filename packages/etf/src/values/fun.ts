import { keyOf } from '../key.ts'
import type { Pid } from './identifiers.ts'
import { inspectSymbol, kind } from './kind.ts'

export interface FunInit {
  /** Number of arguments; undefined in the form that OTP wrote before release R8. */
  arity: number | undefined
  /** MD5 of the module's code, 16 bytes; undefined in the old form. */
  digest: Uint8Array | undefined
  /** Index of the fun within its module. */
  index: number
  module: string
  /** The index as older releases counted it. */
  oldIndex: number
  /** Hash of the parse tree, as older releases made it. */
  oldUnique: number
  /** The process that created the fun. */
  pid: Pid
  /** Values of the free variables. */
  free: readonly unknown[]
}

/** A local fun of some BEAM module. It cannot be called here, but it can be kept and sent back. */
export class Fun {
  readonly arity: number | undefined
  readonly digest: Uint8Array | undefined
  readonly index: number
  readonly module: string
  readonly oldIndex: number
  readonly oldUnique: number
  readonly pid: Pid
  readonly free: readonly unknown[]

  constructor(init: FunInit) {
    this.arity = init.arity
    this.digest = init.digest
    this.index = init.index
    this.module = init.module
    this.oldIndex = init.oldIndex
    this.oldUnique = init.oldUnique
    this.pid = init.pid
    this.free = init.free
  }

  get [kind](): 'fun' {
    return 'fun'
  }

  get key(): string {
    return keyOf(this)
  }

  equals(other: unknown): boolean {
    return this === other || keyOf(other) === this.key
  }

  toString(): string {
    return `#Fun<${this.module}.${this.index}.${this.oldUnique}>`
  }

  [inspectSymbol](): string {
    return this.toString()
  }
}

/** An external fun, `fun lists:map/2`: a name that any node resolves for itself. */
export class ExportFun {
  readonly module: string
  readonly function: string
  /** 0 to 255. */
  readonly arity: number

  constructor(module: string, functionName: string, arity: number) {
    this.module = module
    this.function = functionName
    this.arity = arity
  }

  get [kind](): 'exportFun' {
    return 'exportFun'
  }

  get key(): string {
    return keyOf(this)
  }

  equals(other: unknown): boolean {
    return this === other || keyOf(other) === this.key
  }

  toString(): string {
    return `fun ${this.module}:${this.function}/${this.arity}`
  }

  [inspectSymbol](): string {
    return this.toString()
  }
}
