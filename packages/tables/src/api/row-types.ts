import type { Atom, BitString, ExportFun, Float, Fun, ImproperList, Pid, Port, Reference, Tuple } from '@tiebeam/etf'

/** What a field of a key can hold. NaN is no key. */
export type KeyPart = string | number | bigint | boolean

/** Classes whose instances are values already. */
type Opaque =
  | Date
  | Uint8Array
  | Atom
  | Tuple
  | Pid
  | Reference
  | Port
  | Fun
  | ExportFun
  | Float
  | BitString
  | ImproperList

/** A row as it is read: a value, which nobody can change in place. */
export type Frozen<T> = T extends Opaque
  ? T
  : T extends ReadonlyMap<infer Key, infer Value>
    ? ReadonlyMap<Frozen<Key>, Frozen<Value>>
    : T extends ReadonlySet<infer Element>
      ? ReadonlySet<Frozen<Element>>
      : T extends object
        ? { readonly [Field in keyof T]: Frozen<T[Field]> }
        : T

/** The names of the fields that every row has, and that can be (part of) a key. */
export type KeyField<Row> = { [Field in keyof Row]-?: Row[Field] extends KeyPart ? Field : never }[keyof Row] & string

/** The names of the fields that can be indexed; rows may lack them. */
export type IndexField<Row> = {
  [Field in keyof Row]-?: NonNullable<Row[Field]> extends KeyPart ? Field : never
}[keyof Row] &
  string

/** One field, or several, for a compound key. */
export type KeySpec<Row> = KeyField<Row> | readonly [KeyField<Row>, KeyField<Row>, ...KeyField<Row>[]]

export type IndexSpec<Row> = IndexField<Row> | NamedIndex<Row>

export interface NamedIndex<Row> {
  readonly fields: readonly [IndexField<Row>, ...IndexField<Row>[]]
  /** Default: the fields, with `+` between them. */
  readonly name?: string
  /** No two rows may have the same values. Rows that lack one of the fields are not in the index. */
  readonly unique?: boolean
}

export type IndexSpecs<Row> = readonly IndexSpec<Row>[]

/** What rows are found by: the value of the field, or those of a compound key in their order. */
export type KeyOf<Row, Spec> = Spec extends keyof Row
  ? Row[Spec]
  : Spec extends readonly (keyof Row)[]
    ? ValuesOf<Row, Spec>
    : never

type ValuesOf<Row, Fields extends readonly unknown[]> = {
  readonly [Place in keyof Fields]: Fields[Place] extends keyof Row ? NonNullable<Row[Fields[Place]]> : never
}

/** From the name of each index to what it finds rows by. */
export type IndexesOf<Row, Specs extends IndexSpecs<Row>> = {
  readonly [Spec in Specs[number] as NameOf<Spec>]: IndexValueOf<Row, Spec>
}

type NameOf<Spec> = Spec extends string
  ? Spec
  : Spec extends { readonly name: infer Name extends string }
    ? Name
    : Spec extends { readonly fields: infer Fields extends readonly string[] }
      ? Joined<Fields>
      : never

type Joined<Fields extends readonly string[]> = Fields extends readonly [infer First extends string]
  ? First
  : Fields extends readonly [infer First extends string, ...infer Others extends readonly string[]]
    ? `${First}+${Joined<Others>}`
    : string

type IndexValueOf<Row, Spec> = Spec extends keyof Row
  ? NonNullable<Row[Spec]>
  : Spec extends { readonly fields: infer Fields extends readonly unknown[] }
    ? Fields extends readonly [infer Field extends keyof Row]
      ? NonNullable<Row[Field]>
      : ValuesOf<Row, Fields>
    : never

/** The first parts of a compound value, where order is concerned; else the value. */
export type Prefix<Value> = Value extends readonly [infer First, ...infer Others]
  ? readonly [First] | readonly [First, ...Prefix<Others>] | readonly []
  : Value

/**
 * Which values, in their order: booleans, then numbers and bigints by value, then strings by code units; compound ones part by part,
 * and one with fewer parts before those that go on from it. Ends that are not given are open.
 */
export interface Bounds<Value> {
  readonly gt?: Value | Prefix<Value>
  readonly gte?: Value | Prefix<Value>
  readonly lt?: Value | Prefix<Value>
  readonly lte?: Value | Prefix<Value>
}

export interface RangeOptions<Value> extends Bounds<Value> {
  /** From the last to the first. */
  readonly reverse?: boolean
  /** At most so many rows. */
  readonly limit?: number
}
