import type { IndexDefinition } from './table-index.ts'
import type { Row } from './write.ts'

/** Its rows say what the other tables are. They are written and replicated as all rows are, so every member knows them. */
export const SCHEMA_TABLE = '$schema'

export type TableKind = 'set' | 'ordered' | 'bag' | 'counter'

export interface IndexSchema extends IndexDefinition {
  /** `waiting`: not all members know yet that no two rows may have one value. */
  readonly unique: 'no' | 'waiting' | 'enforced'
  /** Nodes that know of it, while it waits. */
  readonly knownBy: readonly string[]
}

/** What a row of the table of schemas says. */
export interface TableSchema {
  readonly table: string
  readonly kind: TableKind
  readonly key: readonly string[]
  readonly ordered: boolean
  readonly indexes: Readonly<Record<string, IndexSchema>>
}

/** Undefined for what a later release may have made of it. */
export function readSchema(row: Row | undefined): TableSchema | undefined {
  if (row === undefined || row.format !== 1) return undefined
  const { format, ...schema } = row
  return schema as unknown as TableSchema
}

export function schemaRow(schema: TableSchema): Row {
  return { format: 1, ...schema }
}
