/**
 * Marks the classes of this package. The symbol is registered, so that two installed copies of the package
 * recognize each other's values, which `instanceof` would not.
 */
export const kind: unique symbol = Symbol.for('@tiebeam/etf.kind') as never

export const inspectSymbol: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never

export type Kind =
  | 'atom'
  | 'tuple'
  | 'pid'
  | 'reference'
  | 'port'
  | 'fun'
  | 'exportFun'
  | 'improperList'
  | 'bitString'
  | 'binary'
  | 'float'
  | 'local'

/** The kind of a value of this package's classes, or undefined for every other value. */
export function kindOf(value: object): Kind | undefined {
  return (value as { [kind]?: Kind })[kind]
}
