import { allIndexes, type IndexDefinition, isOrdered, type TableDefinition } from '../api/definition.ts'
import type { IndexSchema, TableSchema } from '../store/schema-row.ts'

export interface OpeningInit {
  readonly table: string
  readonly definition: TableDefinition
  /** What the cluster knows of the table; undefined when nobody has opened it yet. */
  readonly known: TableSchema | undefined
  /** This node. */
  readonly node: string
  /** The nodes of the view. */
  readonly nodes: readonly string[]
}

/**
 * What a table is after a process opens it: what it was, with what that process adds. Members of older and newer releases run side
 * by side while a release is rolled out, so a definition need not have all that is known; but what both have must be the same.
 */
export type Opening =
  | { readonly type: 'opened'; readonly schema: TableSchema }
  | { readonly type: 'incompatible'; readonly reason: string }

export function openingOf({ table, definition, known, node, nodes }: OpeningInit): Opening {
  const { kind, key } = definition
  const ordered = isOrdered(definition)
  const wanted = allIndexes(definition)
  if (known === undefined) {
    // Nobody wrote a row yet, so nothing has to wait.
    const indexes = Object.entries(wanted).map(
      ([name, index]) => [name, schemaOf(index, index.unique ? 'enforced' : 'no', [])] as const,
    )
    return { type: 'opened', schema: { table, kind, key, ordered, indexes: Object.fromEntries(indexes) } }
  }
  const reason = differenceOf(definition, wanted, known)
  if (reason !== undefined) return { type: 'incompatible', reason: `table ${table} ${reason}` }
  const indexes: Record<string, IndexSchema> = {}
  for (const name of new Set([...Object.keys(known.indexes), ...Object.keys(wanted)])) {
    indexes[name] = indexOf(known.indexes[name], wanted[name], node, nodes)
  }
  return { type: 'opened', schema: { ...known, indexes } }
}

/** Whether every member of the view knows that the index is unique. */
export function isKnownByAll({ unique, knownBy }: IndexSchema, nodes: readonly string[]): boolean {
  return unique === 'waiting' && nodes.length > 0 && nodes.every((node) => knownBy.includes(node))
}

export function enforced(schema: TableSchema, name: string): TableSchema {
  return changed(schema, name, { unique: 'enforced', knownBy: [] })
}

/** `nodes`: those that know it, which are all that are in the view. */
export function waitingAgain(schema: TableSchema, name: string, nodes: readonly string[]): TableSchema {
  return changed(schema, name, { unique: 'waiting', knownBy: nodes.toSorted() })
}

function changed(schema: TableSchema, name: string, change: Pick<IndexSchema, 'unique' | 'knownBy'>): TableSchema {
  const index = schema.indexes[name]
  return index === undefined ? schema : { ...schema, indexes: { ...schema.indexes, [name]: { ...index, ...change } } }
}

function indexOf(
  known: IndexSchema | undefined,
  wanted: IndexDefinition | undefined,
  node: string,
  nodes: readonly string[],
): IndexSchema {
  if (known === undefined)
    return schemaOf(wanted as IndexDefinition, wanted?.unique ? 'waiting' : 'no', wanted?.unique ? [node] : [])
  if (known.unique !== 'waiting') return known
  const others = known.knownBy.filter((other) => other !== node && nodes.includes(other))
  return { ...known, knownBy: (wanted === undefined ? others : [...others, node]).sort() }
}

function differenceOf(
  { kind, key }: TableDefinition,
  wanted: Readonly<Record<string, IndexDefinition>>,
  known: TableSchema,
): string | undefined {
  if (kind !== known.kind) return `is defined as ${nameOf(kind)} here, and is ${nameOf(known.kind)} in the cluster`
  if (key.join() !== known.key.join()) {
    return `has the key ${key.join(', ')} here, and ${known.key.join(', ')} in the cluster`
  }
  for (const [name, index] of Object.entries(wanted)) {
    const other = known.indexes[name]
    if (other === undefined) continue
    if (index.fields.join() !== other.fields.join()) {
      return `has an index ${name} over ${index.fields.join(', ')} here, and over ${other.fields.join(', ')} in the cluster`
    }
    if (index.unique !== (other.unique !== 'no')) {
      const [here, there] = index.unique ? ['is unique', 'is not'] : ['is not unique', 'is']
      return `has an index ${name} that ${here} here, and ${there} in the cluster; give the new one a name of its own`
    }
  }
  return undefined
}

function schemaOf({ fields }: IndexDefinition, unique: IndexSchema['unique'], knownBy: readonly string[]): IndexSchema {
  return { fields, unique, knownBy }
}

function nameOf(kind: TableSchema['kind']): string {
  return kind === 'ordered' ? 'an ordered table' : kind === 'set' ? 'a table without order' : `a ${kind}`
}
