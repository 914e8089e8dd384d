/** A replica of an application: it serves a group and calls it all the time. Its one argument is a `ReplicaInit`; it prints a `ReplicaLine` each. */
import { stdout } from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { atom, Node, tuple } from '@tiebeam/distribution'
import { Groups } from '@tiebeam/kernel'
import { GenServer, type Later } from '@tiebeam/otp'
import { Cluster, type GroupCallInit, KubernetesDns } from '../../src/index.ts'
import { type CallResult, GROUP, type ReplicaInit, type ReplicaLine } from './replica-protocol.ts'

const init = JSON.parse(process.argv[2] ?? '') as ReplicaInit
const print = (line: ReplicaLine): void => void stdout.write(`${JSON.stringify(line)}\n`)

/** Half of the answers come later, while others are served. */
class Worker extends GenServer {
  override readonly calls = {
    work: async (id: string): Promise<string> => {
      await sleep(1)
      return id
    },
    work_later: (id: string): Later<string> =>
      this.later((from) => void setTimeout(() => this.reply(from, id), 5 + 10 * Math.random())),
  }

  override init(groups: Groups): void {
    groups.join(GROUP, this.self.pid)
  }
}

const node = await Node.start({ name: init.name, cookie: 'secret' })
const groups = await Groups.start(node, { discoverMs: 200 })
const cluster = await Cluster.start(node, {
  groups,
  topologies: {
    main: new KubernetesDns({
      service: init.service,
      applicationName: 'app',
      pollingIntervalMs: 300,
      resolver: { address: init.nameServer },
    }),
  },
})
if (init.serves) await Worker.start(node, { args: [groups] })

const results: Record<CallResult, number> = { answer: 0, outcomeUnknown: 0 }
let calling = true
let calls = 0

/** One call after the other, each checked. */
async function keepCalling(kind: GroupCallInit, later: boolean): Promise<void> {
  for (; calling; await sleep(1)) {
    calls += 1
    const id = `${init.name} ${calls}`
    const keyed = 'key' in kind ? { ...kind, key: id } : kind
    try {
      const reply = await cluster.call(GROUP, workRequest(later, id), { timeoutMs: 30_000, ...keyed })
      if (reply === id) results.answer += 1
      else print({ type: 'wrong', what: `${id} was answered with ${String(reply)}` })
    } catch (error) {
      const { code } = error as { code?: string }
      if (code === 'OUTCOME_UNKNOWN' && kind.idempotent !== true) results.outcomeUnknown += 1
      else print({ type: 'wrong', what: `${id}, ${JSON.stringify(kind)}: ${String(error)}` })
    }
  }
}

function workRequest(later: boolean, id: string): unknown {
  return tuple(atom(later ? 'work_later' : 'work'), id)
}
const kinds: GroupCallInit[] = [{}, { key: '' }, { idempotent: true }, { key: '', idempotent: true }]
const callers = kinds.flatMap((kind) => [keepCalling(kind, false), keepCalling(kind, true)])

process.stdin.on('data', () => {
  const { main } = cluster.status().topologies
  print({
    type: 'status',
    connected: node.nodes('connected').sort(),
    members: groups
      .members(GROUP)
      .map((pid) => pid.node)
      .sort(),
    listed: [...(main?.listed ?? [])].sort(),
    missing: main?.missing.map(({ name }) => name) ?? [],
    connecting: node.stats().connecting,
    results,
  })
})
process.on('SIGTERM', () => {
  const stopCalling = async (): Promise<void> => {
    calling = false
    await Promise.all(callers)
  }
  cluster
    .leave({ steps: [{ phase: 'drain', name: 'own calls', run: stopCalling }] })
    .then((outcomes) => {
      print({ type: 'left', outcomes: outcomes.map(({ name, result }) => `${name}: ${result}`), results })
      process.exit(0)
    })
    .catch(() => process.exit(1))
})
print({ type: 'started' })
