import { Atom } from '@tiebeam/distribution'
import type { Definitions } from '../api/table.ts'
import { TablesError } from '../errors.ts'

/** Which tables nodes of the cluster may reach by calls: `'read'`, or `'write'`, which includes reading. None unless named. */
export type Access<Name extends string = string> = Readonly<Partial<Record<Name, 'read' | 'write'>>>

/** @throws TablesError `OPTION_INVALID` */
export function checkAccess(access: Access, definitions: Definitions): void {
  for (const [name, right] of Object.entries(access)) {
    if (!Object.hasOwn(definitions, name)) {
      throw new TablesError('OPTION_INVALID', `expose names a table ${name}, which is not defined`)
    }
    if (right !== 'read' && right !== 'write') {
      throw new TablesError('OPTION_INVALID', `expose.${name} is ${String(right)}; it has to be 'read' or 'write'`)
    }
  }
}

/**
 * The name of a table that a caller gives as an atom or a string.
 * @throws TablesError `NOT_EXPOSED`
 */
export function exposedTable(access: Access, table: unknown, right: 'read' | 'write'): string {
  const name = table instanceof Atom ? table.name : table
  const given = typeof name === 'string' && Object.hasOwn(access, name) ? access[name] : undefined
  if (given === 'write' || given === right) return name as string
  const what = right === 'read' ? 'is not exposed' : 'is not exposed for writing'
  throw new TablesError('NOT_EXPOSED', `table ${String(name)} ${what}; openTables({ expose }) says which are`)
}
