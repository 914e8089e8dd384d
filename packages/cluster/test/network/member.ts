/** A node with a cluster, in a process of its own. Its one argument is a `MemberInit`; it prints a `MemberLine` for each event. */
import { stdout } from 'node:process'
import { Node } from '@tiebeam/distribution'
import { RecordingLogger } from '@tiebeam/testing'
import { Cluster, KubernetesDns } from '../../src/index.ts'
import type { MemberInit, MemberLine } from './member-protocol.ts'

const init = JSON.parse(process.argv[2] ?? '') as MemberInit

function print(line: MemberLine): void {
  stdout.write(`${JSON.stringify(line)}\n`)
}

const atMs = (): number => performance.timeOrigin + performance.now()

const { name, cookie, netTickTimeMs } = init
const node = await Node.start({ name, cookie, netTickTimeMs })
node.on('nodeup', ({ name: peer }) => print({ type: 'nodeup', peer, atMs: atMs() }))
node.on('nodedown', ({ name: peer }) => print({ type: 'nodedown', peer, atMs: atMs() }))

class PrintingLogger extends RecordingLogger {
  protected override write(level: string, message: string): void {
    print({ type: 'log', level, message })
  }
}

const cluster = await Cluster.start(node, {
  logger: new PrintingLogger(),
  topologies: {
    main: new KubernetesDns({
      service: init.service,
      applicationName: init.applicationName,
      resolver: { address: init.nameServer },
    }),
  },
})
print({ type: 'started', atMs: atMs() })

// A line on standard input asks for the status; its end is the end.
process.stdin.on('data', () => print({ type: 'status', status: cluster.status(), nodes: node.nodes('connected') }))
process.stdin.on('end', () => {
  cluster
    .stop()
    .then(() => node.stop())
    .then(() => process.exit(0))
    .catch(() => process.exit(1))
})
