/** A node that finds others by gossip. Its one argument is a `GossipMemberInit`; it prints the names of its peers whenever they change. */
import { stdout } from 'node:process'
import { Node } from '@tiebeam/distribution'
import { Cluster, Gossip, type GossipInit } from '../../src/index.ts'

export interface GossipMemberInit {
  readonly name: string
  readonly gossip: GossipInit
}

const { name, gossip } = JSON.parse(process.argv[2] ?? '') as GossipMemberInit
const node = await Node.start({ name, cookie: 'gossip' })
const tell = (): void => void stdout.write(`peers: ${node.nodes('connected').sort().join(' ')}.\n`)
node.on('nodeup', tell)
node.on('nodedown', tell)
await Cluster.start(node, { topologies: { gossip: new Gossip(gossip) } })
