/**
 * One TypeScript node of the demo: an operating-system process of its own, which the demo starts with fork().
 *
 * It ends when its channel to the demo closes, so nothing is left behind when the demo itself is killed.
 */
import { Cluster, ClusterError, KubernetesDns } from '@tiebeam/cluster'
import { DistributionError, Node, type Process } from '@tiebeam/distribution'
import { type Atom, atom, Pid, Tuple, tuple } from '@tiebeam/etf'
import { TablesError } from '@tiebeam/tables'
import type { Order, Report } from './member-messages.ts'
import { SalesTable } from './sales-table.ts'

const hello = atom('hello')
const welcome = atom('welcome')
const answerMs = 10_000
const stopMs = 2000

function describe(reason: unknown): string {
  return reason instanceof DistributionError ? reason.code : String(reason)
}

type StartOrder = Extract<Order, { type: 'start' }>

function report(event: Report): void {
  if (process.connected) process.send?.(event)
}

/** A process that answers {hello, From, Text} with {welcome, Self, Text}: to a Tiebeam node or to an OTP node. */
async function greeter(self: Process): Promise<void> {
  for await (const message of self) {
    if (!(message instanceof Tuple) || message.at(0) !== hello) continue
    const [, from, text] = message.elements
    if (!(from instanceof Pid)) continue
    report({ type: 'greeted', by: from.node, text: String(text) })
    self.send(from, tuple(welcome, self.pid, `${text} back, from Node.js ${process.versions.node}`))
  }
}

function isWelcome(message: unknown): message is Tuple<[Atom, Pid, unknown]> {
  return message instanceof Tuple && message.at(0) === welcome && message.at(1) instanceof Pid
}

/** A process that says hello to the greeter of another node, waits for its answer, and ends. */
async function greet(self: Process, node: string, text: string): Promise<void> {
  self.send({ name: 'greeter', node }, tuple(hello, self.pid, text))
  const answer = await self.receive({ match: isWelcome, timeoutMs: answerMs })
  const [, from, answerText] = answer.elements
  report({ type: 'answered', by: from.node, text: String(answerText) })
}

async function start(order: StartOrder): Promise<() => Promise<void>> {
  const { name, cookie, epmdPort, resolver, services } = order
  const node = await Node.start({ name, cookie, epmd: { port: epmdPort } })
  node.on('nodeup', ({ name }) => report({ type: 'nodeup', node: name }))
  node.on('nodedown', ({ name, reason }) => report({ type: 'nodedown', node: name, reason: describe(reason) }))
  node.spawn(greeter, { name: 'greeter' })
  report({ type: 'up', runtime: `Node.js ${process.versions.node}` })

  const topologies = Object.fromEntries(
    Object.entries(services).map(([applicationName, service]) => [
      applicationName,
      new KubernetesDns({ service, applicationName, resolver, pollingIntervalMs: 1000 }),
    ]),
  )
  const cluster = await Cluster.start(node, { topologies })
  let table = order.holdsTable ? SalesTable.open(node, report) : undefined
  table?.catch(fail)
  const obey = async (order: Order): Promise<void> => {
    switch (order.type) {
      case 'greet':
        node.spawn((self) => greet(self, order.node, order.text))
        return
      case 'openTable':
        table = SalesTable.open(node, report)
        await table
        return
      case 'write':
        return (await table)?.write(order)
      case 'keepWriting':
        return (await table)?.keepWriting(order.from)
      case 'rest':
        return (await table)?.rest()
      case 'read':
        return (await table)?.read(order.number)
      case 'start':
      case 'stop':
        return
    }
  }
  process.on('message', (order: Order) => void obey(order).catch(fail))
  return async () => {
    await (await table)?.stop()
    await cluster.stop()
    await node.stop({ timeoutMs: stopMs })
  }
}

let running: Promise<() => Promise<void>> | undefined

/** The demo shows what is written here. */
function fail(error: unknown): void {
  const expected = error instanceof DistributionError || error instanceof ClusterError || error instanceof TablesError
  console.error(expected ? `${error.code}: ${error.message}` : error)
  process.exit(1)
}

function end(): void {
  // Whatever hangs, the process does not.
  setTimeout(() => process.exit(1), 2 * stopMs).unref()
  Promise.resolve(running)
    .then((stop) => stop?.())
    .then(
      () => process.exit(0),
      () => process.exit(1),
    )
}

process.on('message', (order: Order) => {
  if (order.type === 'start') {
    running ??= start(order)
    running.catch(fail)
  }
  if (order.type === 'stop') end()
})
process.on('disconnect', () => process.exit(0))
// Ctrl-C in a terminal reaches every process of the group: the demo decides who ends when.
process.on('SIGINT', () => {})
process.on('SIGTERM', end)
