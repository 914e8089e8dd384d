import type { OpenedControl } from '@tiebeam/tables'
import type { NodeReport } from './cluster-report.ts'
import { type Paint, renderBytes, renderTable } from './output.ts'

/** As it came over the wire: fields of another release may be missing. */
type TablesStatus = Partial<OpenedControl['status']>

const HEADS = ['node', 'tables', 'view', 'rows', 'memory', 'log', 'lag', 'conflicts']

/** The tables as each node has them; nothing where no node has any. */
export function renderTables(reports: readonly NodeReport[], paint: Paint): string {
  const opened = reports.flatMap(({ name, status }) => {
    const tables = status?.parts?.tables as TablesStatus | undefined
    return tables === undefined ? [] : [{ name, tables }]
  })
  if (opened.length === 0) return ''
  const table = renderTable(
    HEADS,
    opened.map(({ name, tables }) => rowOf(name, tables, paint)),
    paint,
  )
  const problems = opened.flatMap(({ name, tables: { waitingFor, problem } }) =>
    [waitingFor && `waits for ${waitingFor}`, problem]
      .filter((text) => typeof text === 'string')
      .map((text) => `${paint('yellow', '!')} tables of ${name}: ${text}\n`),
  )
  return `\n${[table, ...problems].join('')}`
}

function rowOf(name: string, tables: TablesStatus, paint: Paint): string[] {
  const { role = 'none', cutOff, view, rows = {}, bytes = 0, logEntries, lagEntries, conflicts } = tables
  const isIn = role === 'primary' || role === 'member'
  return [
    name,
    paint(isIn && cutOff !== true ? 'green' : 'yellow', cutOff === true ? `${role}, cut off` : role),
    view === undefined ? '-' : `${view.epoch} (${view.members.length} members)`,
    String(Object.values(rows).reduce((sum, count) => sum + count, 0)),
    renderBytes(bytes),
    String(logEntries ?? '-'),
    String(lagEntries ?? '-'),
    String(conflicts ?? '-'),
  ]
}
