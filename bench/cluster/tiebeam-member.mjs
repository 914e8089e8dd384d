/** One Tiebeam node of the cluster benchmark: node tiebeam-member.mjs <name> <service> <name server> <tick time in ms> */
import { Cluster, KubernetesDns } from '@tiebeam/cluster'
import { Node } from '@tiebeam/distribution'

const [name = '', service = '', address = '', netTickTimeMs = ''] = process.argv.slice(2)

/** @type {(event: string, peer: string) => void} */
const print = (event, peer) => {
  process.stdout.write(`${event} ${peer} ${performance.timeOrigin + performance.now()}\n`)
}

const node = await Node.start({ name, cookie: 'cluster-benchmark', netTickTimeMs: Number(netTickTimeMs) })
node.on('nodeup', (event) => print('nodeup', event.name))
node.on('nodedown', (event) => print('nodedown', event.name))
const applicationName = name.slice(0, name.indexOf('@'))
await Cluster.start(node, {
  topologies: { main: new KubernetesDns({ service, applicationName, resolver: { address } }) },
})
