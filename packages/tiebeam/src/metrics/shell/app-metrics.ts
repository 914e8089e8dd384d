import type { Counter, Gauge, Registry } from 'prom-client'
import type { AppFigures } from '../../start/status.ts'

/**
 * The figures of an app as metrics of Prometheus, read when they are asked for, in a registry of its own.
 * The library is loaded here, not with the package: an app without metrics does not pay for it.
 */
export async function createMetrics(look: () => AppFigures): Promise<Registry> {
  // The library asks all metrics in one go: one look is enough for them.
  let current: AppFigures | undefined
  const figures = (): AppFigures => {
    if (current === undefined) queueMicrotask(() => (current = undefined))
    current ??= look()
    return current
  }
  const prometheus = await import('prom-client')
  const registry = new prometheus.Registry()
  prometheus.collectDefaultMetrics({ register: registry })

  const gauge = (name: string, help: string, value: (figures: AppFigures) => number) =>
    new prometheus.Gauge({
      ...{ name, help, registers: [registry] },
      collect(this: Gauge) {
        this.set(value(figures()))
      },
    })
  const counter = (name: string, help: string, value: (figures: AppFigures) => number) =>
    new prometheus.Counter({
      ...{ name, help, registers: [registry] },
      collect(this: Counter) {
        this.reset()
        this.inc(value(figures()))
      },
    })

  gauge('tiebeam_ready', 'Whether the app takes work: 1 or 0.', ({ state }) => Number(state === 'ready'))
  gauge('tiebeam_nodes', 'Nodes of the cluster, this one included.', ({ node }) => node.links.length + 1)
  gauge('tiebeam_peers_missing', 'Nodes that discovery lists and that are not connected.', ({ cluster }) =>
    sum(Object.values(cluster.topologies), ({ missing }) => missing.length),
  )
  gauge('tiebeam_links_connecting', 'Nodes to which a connection is being made.', ({ node }) => node.connecting.length)
  counter('tiebeam_links_established_total', 'Connections to other nodes.', ({ node }) => node.connected)
  counter('tiebeam_links_lost_total', 'Connections that ended.', ({ node }) => node.disconnected)
  counter('tiebeam_reconnects_total', 'Connections to nodes that had been lost.', ({ reconnects }) => reconnects)
  counter('tiebeam_connect_failures_total', 'Attempts to connect that failed.', ({ node }) => node.connectFailures)
  counter('tiebeam_callers_refused_total', 'Connections that were refused: cookie, name, flags, quota.', ({ node }) => {
    return node.refusedCallers
  })
  counter('tiebeam_discovery_failures_total', 'Look-ups of the topologies that failed.', ({ cluster }) =>
    sum(Object.values(cluster.topologies), ({ lookupFailures }) => lookupFailures),
  )
  gauge('tiebeam_processes', 'Processes of the node.', ({ node }) => node.processes)
  gauge('tiebeam_mailbox_messages', 'Messages that wait in mailboxes.', ({ node }) => node.mailboxMessages)
  gauge('tiebeam_pending_spawns', 'Requests for processes of other nodes under way.', ({ node }) => node.pendingSpawns)

  const links = [
    ['tiebeam_link_received_bytes_total', 'Bytes that came over the present link.', 'bytesIn'],
    ['tiebeam_link_sent_bytes_total', 'Bytes that went over the present link.', 'bytesOut'],
    ['tiebeam_link_received_messages_total', 'Messages that came over the present link.', 'messagesIn'],
    ['tiebeam_link_sent_messages_total', 'Messages that went over the present link.', 'messagesOut'],
  ] as const
  for (const [name, help, figure] of links) {
    new prometheus.Counter({
      ...{ name, help, labelNames: ['peer'], registers: [registry] },
      collect(this: Counter<'peer'>) {
        this.reset()
        for (const link of figures().node.links) this.inc({ peer: link.name }, link[figure])
      },
    })
  }
  new prometheus.Gauge({
    name: 'tiebeam_link_queued_bytes',
    help: 'What waits to be sent to a peer.',
    labelNames: ['peer'],
    registers: [registry],
    collect(this: Gauge<'peer'>) {
      this.reset()
      for (const link of figures().node.links) this.set({ peer: link.name }, link.queuedBytes)
    },
  })
  return registry
}

function sum<T>(things: readonly T[], figure: (thing: T) => number): number {
  return things.reduce((total, thing) => total + figure(thing), 0)
}
