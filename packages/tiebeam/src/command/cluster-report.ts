import type { AppStatus } from '../start/status.ts'
import { type Paint, renderBytes, renderDuration, renderTable } from './output.ts'
import { renderTables } from './tables-report.ts'

/** What is known of one node of the cluster. */
export interface NodeReport {
  readonly name: string
  /** Undefined for a node that does not expose a status, such as one of Erlang or Elixir, and for one that cannot be reached. */
  readonly status: AppStatus | undefined
  /** Why there is no status. */
  readonly problem: 'noStatus' | 'unreachable' | undefined
}

export interface MissingPeer {
  /** The node that misses it. */
  readonly of: string
  readonly name: string
  readonly why: string
}

export function missingPeers(reports: readonly NodeReport[]): MissingPeer[] {
  return reports.flatMap(({ name: of, status }) =>
    Object.values(status?.cluster.topologies ?? {}).flatMap(({ missing }) =>
      missing.map(({ name, refused, failure }) => ({
        of,
        name,
        why: failure === undefined ? 'not tried yet' : `${refused ? 'refused: ' : ''}${failure.message}`,
      })),
    ),
  )
}

/** The look-ups that failed, once for each node and topology. */
export function failedLookups(reports: readonly NodeReport[]): { of: string; topology: string; why: string }[] {
  return reports.flatMap(({ name: of, status }) =>
    Object.entries(status?.cluster.topologies ?? {}).flatMap(([topology, { lastFailure }]) =>
      lastFailure === undefined ? [] : [{ of, topology, why: lastFailure.message }],
    ),
  )
}

const HEADS = ['node', 'state', 'version', 'up', 'connected', 'queue', 'memory', 'delay']

export function renderReports(reports: readonly NodeReport[], nowMs: number, paint: Paint): string {
  const table = renderTable(
    HEADS,
    reports.map((report) => rowOf(report, nowMs, paint)),
    paint,
  )
  const missing = missingPeers(reports).map(
    ({ of, name, why }) => `${paint('yellow', '!')} ${of} misses ${name}: ${why}\n`,
  )
  const failed = failedLookups(reports).map(
    ({ of, topology, why }) => `${paint('yellow', '!')} ${of} could not look up ${topology}: ${why}\n`,
  )
  return [table, ...missing, ...failed, renderTables(reports, paint)].join('')
}

function rowOf({ name, status, problem }: NodeReport, nowMs: number, paint: Paint): string[] {
  if (status === undefined) {
    return [
      name,
      problem === 'unreachable' ? paint('red', 'unreachable') : paint('dim', 'no status'),
      '-',
      '-',
      '-',
      '-',
      '-',
      '-',
    ]
  }
  const { state, waitsFor, versions, since, node, memory, eventLoopDelayMs } = status
  // Hidden links are those of askers, such as this very command.
  const links = node.links.filter(({ hidden }) => !hidden)
  const expected = new Set([
    ...links.map((link) => link.name),
    ...Object.values(status.cluster.topologies).flatMap(({ listed }) => listed),
  ]).size
  const waits = state === 'starting' && waitsFor.length > 0 ? ` (waits for ${waitsFor.join(', ')})` : ''
  const queued = links.reduce((sum, { queuedBytes }) => sum + queuedBytes, 0)
  return [
    name,
    paint(state === 'ready' ? 'green' : 'yellow', `${state}${waits}`),
    versions.app ?? '-',
    renderDuration(nowMs - new Date(since).getTime()),
    links.length < expected ? paint('yellow', `${links.length}/${expected}`) : `${links.length}/${expected}`,
    renderBytes(queued),
    renderBytes(memory.residentBytes),
    `${eventLoopDelayMs.p99} ms`,
  ]
}
