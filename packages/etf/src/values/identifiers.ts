import { keyOf, pidKey, referenceKey } from '../key.ts'
import { inspectSymbol, type Kind, kind, kindOf } from './kind.ts'

/** A process identifier. */
export class Pid {
  /** Name of the node that made it, such as `foo@127.0.0.1`. */
  readonly node: string
  /** 0 to 4294967295. */
  readonly id: number
  /** 0 to 4294967295. */
  readonly serial: number
  /** Tells incarnations of one node name apart; 0 to 4294967295. */
  readonly creation: number

  constructor(node: string, id: number, serial: number, creation: number) {
    this.node = node
    this.id = id
    this.serial = serial
    this.creation = creation
  }

  get [kind](): 'pid' {
    return 'pid'
  }

  get key(): string {
    return pidKey(this)
  }

  equals(other: unknown): boolean {
    return this === other || (isKind(other, 'pid') && isSamePid(this, other as Pid))
  }

  toString(): string {
    return `#Pid<${this.node}.${this.id}.${this.serial}>`
  }

  [inspectSymbol](): string {
    return this.toString()
  }
}

/** A reference, as `make_ref/0`, monitors and aliases make them. */
export class Reference {
  readonly node: string
  /** 0 to 4294967295. */
  readonly creation: number
  /** One to five words of 32 bits, in the order of the wire; Erlang prints them in reverse. */
  readonly ids: readonly number[]

  constructor(node: string, creation: number, ids: readonly number[]) {
    this.node = node
    this.creation = creation
    this.ids = ids
  }

  get [kind](): 'reference' {
    return 'reference'
  }

  get key(): string {
    return referenceKey(this)
  }

  equals(other: unknown): boolean {
    return this === other || (isKind(other, 'reference') && isSameReference(this, other as Reference))
  }

  toString(): string {
    return `#Ref<${this.node}.${this.ids.toReversed().join('.')}>`
  }

  [inspectSymbol](): string {
    return this.toString()
  }
}

/** A port identifier. */
export class Port {
  readonly node: string
  /** 0 to 2^64 - 1. */
  readonly id: bigint
  /** 0 to 4294967295. */
  readonly creation: number

  constructor(node: string, id: bigint, creation: number) {
    this.node = node
    this.id = id
    this.creation = creation
  }

  get [kind](): 'port' {
    return 'port'
  }

  get key(): string {
    return keyOf(this)
  }

  equals(other: unknown): boolean {
    return this === other || keyOf(other) === this.key
  }

  toString(): string {
    return `#Port<${this.node}.${this.id}>`
  }

  [inspectSymbol](): string {
    return this.toString()
  }
}

function isSamePid(one: Pid, other: Pid): boolean {
  return (
    one.id === other.id && one.serial === other.serial && one.creation === other.creation && one.node === other.node
  )
}

function isSameReference(one: Reference, other: Reference): boolean {
  if (one.ids.length !== other.ids.length || one.creation !== other.creation || one.node !== other.node) return false
  return one.ids.every((word, index) => word === other.ids[index])
}

function isKind(value: unknown, expected: Kind): boolean {
  return typeof value === 'object' && value !== null && kindOf(value) === expected
}
