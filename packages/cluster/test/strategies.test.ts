import { requirePeer, startDnsmasq } from '@tiebeam/testing'
import { Epmd, KubernetesDns } from '../src/index.ts'
import { testStrategy } from './strategy-compliance.ts'

const self = 'app@10.0.0.1'

testStrategy('Epmd', async () => {
  const names = [self, 'app@10.0.0.2', 'other@host.example']
  return { strategy: new Epmd({ hosts: names }), self, names, change: undefined, fail: undefined }
})

testStrategy('KubernetesDns', async (t) => {
  if (!requirePeer(t, 'dnsmasq')) return undefined
  const service = 'app.ns.svc.cluster.local'
  const names = [self, 'app@10.0.0.2', 'app@10.0.0.3', 'app@fd00::9']
  const recordsOf = (of: readonly string[]) => ({ [service]: of.map((name) => name.slice('app@'.length)) })
  const dnsmasq = await startDnsmasq(t, { records: recordsOf(names) })
  const resolver = { address: dnsmasq.address, port: dnsmasq.port }
  return {
    strategy: new KubernetesDns({ service, applicationName: 'app', resolver, timeoutMs: 200 }),
    self,
    names,
    change: (to) => dnsmasq.setRecords(recordsOf(to)),
    fail: (failing) => (failing ? dnsmasq.suspend() : dnsmasq.resume()),
  }
})
