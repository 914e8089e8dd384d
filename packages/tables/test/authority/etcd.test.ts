import { etcd } from '@tiebeam/tables'
import { type Etcd, startEtcd } from '@tiebeam/testing'
import { authorityCompliance } from './compliance.ts'
import { startFaultProxy } from './fault-proxy.ts'

const TIMEOUT_MS = 250
let server: Etcd
let registers = 0

authorityCompliance({
  name: 'etcd',
  peers: ['etcd'],
  before: async (scope) => {
    server = await startEtcd(scope)
  },
  fixture: async (scope) => {
    registers += 1
    const proxy = await startFaultProxy(scope, { target: server.url, patienceMs: TIMEOUT_MS })
    const options = { endpoints: [proxy.url], key: `/test/${registers}`, timeoutMs: TIMEOUT_MS }
    return {
      kinds: Array.from({ length: 4 }, () => etcd(options)),
      disturb: (random) => proxy.disturb(random, 0.3),
      calm: () => proxy.calm(),
      report: () => JSON.stringify(Object.fromEntries(proxy.met)),
    }
  },
})
