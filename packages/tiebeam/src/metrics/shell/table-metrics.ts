import type { OpenedControl } from '@tiebeam/tables'
import type { Counter, Gauge, Registry } from 'prom-client'

type Status = OpenedControl['status']

/** The figures of replicated tables. */
export async function addTableMetrics(registry: Registry, status: () => Status): Promise<void> {
  const prometheus = await import('prom-client')
  const gauge = (name: string, help: string, value: (status: Status) => number) =>
    new prometheus.Gauge({
      ...{ name, help, registers: [registry] },
      collect(this: Gauge) {
        this.set(value(status()))
      },
    })
  const counter = (name: string, help: string, value: (status: Status) => number) =>
    new prometheus.Counter({
      ...{ name, help, registers: [registry] },
      collect(this: Counter) {
        this.reset()
        this.inc(value(status()))
      },
    })
  const roles = ['primary', 'member', 'joining', 'none'] as const
  new prometheus.Gauge({
    name: 'tiebeam_tables_role',
    help: 'The part of this process in the tables: 1 for the role that it has.',
    labelNames: ['role'],
    registers: [registry],
    collect(this: Gauge<'role'>) {
      for (const role of roles) this.set({ role }, Number(status().role === role))
    },
  })
  new prometheus.Gauge({
    name: 'tiebeam_tables_rows',
    help: 'Rows of a table.',
    labelNames: ['table'],
    registers: [registry],
    collect(this: Gauge<'table'>) {
      for (const [table, rows] of Object.entries(status().rows)) this.set({ table }, rows)
    },
  })
  gauge('tiebeam_tables_epoch', 'Epoch of the view.', ({ view }) => view?.epoch ?? 0)
  gauge('tiebeam_tables_members', 'Members of the view.', ({ view }) => view?.members.length ?? 0)
  gauge('tiebeam_tables_cut_off', 'Whether the primary is not heard, and writes are refused: 1 or 0.', ({ cutOff }) =>
    Number(cutOff),
  )
  gauge('tiebeam_tables_bytes', 'Estimated memory of all rows.', ({ bytes }) => bytes)
  gauge('tiebeam_tables_bytes_max', 'What all rows may take, if this node is the primary.', ({ bytesMax }) => bytesMax)
  gauge('tiebeam_tables_log_entries', 'Entries of the log that are held.', ({ logEntries }) => logEntries)
  gauge('tiebeam_tables_log_bytes', 'Estimated memory of the log.', ({ logBytes }) => logBytes)
  gauge('tiebeam_tables_log_bytes_max', 'What the log may take before writes wait.', ({ logBytesMax }) => logBytesMax)
  gauge('tiebeam_tables_lag_entries', 'Entries held and not yet known to be committed.', ({ lagEntries }) => lagEntries)
  gauge('tiebeam_tables_calls_pending', 'Writes and fences under way.', ({ callsPending }) => callsPending)
  counter(
    'tiebeam_tables_committed_total',
    'Transactions of this process that were committed.',
    ({ committed }) => committed,
  )
  counter(
    'tiebeam_tables_conflicts_total',
    'Attempts of transactions that others were ahead of.',
    ({ conflicts }) => conflicts,
  )
  counter(
    'tiebeam_tables_rejoins_total',
    'Times this process was left out of a view and came back.',
    ({ rejoins }) => rejoins,
  )
  counter('tiebeam_tables_data_losses_total', 'Times rows were lost.', ({ resets }) => resets)
  counter('tiebeam_tables_authority_unknown_total', 'Calls of the authority without a definite answer.', (figures) => {
    return figures.authorityUnknown
  })
}
