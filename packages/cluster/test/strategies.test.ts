import { requirePeer, startDnsmasq } from '@tiebeam/testing'
import { DnsPoll, Epmd, KubernetesDns, KubernetesDnsSrv } from '../src/index.ts'
import { testStrategy } from './strategy-compliance.ts'

const self = 'app@10.0.0.1'

testStrategy('Epmd', async () => {
  const names = [self, 'app@10.0.0.2', 'other@host.example']
  return { strategy: new Epmd({ hosts: names }), self, names, change: undefined, fail: undefined }
})

for (const kind of ['KubernetesDns', 'DnsPoll'] as const) {
  testStrategy(kind, async (t) => {
    if (!requirePeer(t, 'dnsmasq')) return undefined
    const service = 'app.ns.svc.cluster.local'
    const names = [self, 'app@10.0.0.2', 'app@10.0.0.3', 'app@fd00::9']
    const recordsOf = (of: readonly string[]) => ({ [service]: of.map((name) => name.slice('app@'.length)) })
    const dnsmasq = await startDnsmasq(t, { records: recordsOf(names) })
    const resolver = { address: dnsmasq.address, port: dnsmasq.port }
    const strategy =
      kind === 'KubernetesDns'
        ? new KubernetesDns({ service, applicationName: 'app', resolver, timeoutMs: 200 })
        : new DnsPoll({ query: service, nodeBasename: 'app', resolver, timeoutMs: 200 })
    return {
      strategy,
      self,
      names,
      change: (to) => dnsmasq.setRecords(recordsOf(to)),
      fail: (failing) => (failing ? dnsmasq.suspend() : dnsmasq.resume()),
    }
  })
}

testStrategy('KubernetesDnsSrv', async (t) => {
  if (!requirePeer(t, 'dnsmasq')) return undefined
  const domain = 'app.ns.svc.cluster.local'
  const names = [0, 1, 2].map((index) => `app@app-${index}.${domain}`)
  const servicesOf = (of: readonly string[]) => ({ [domain]: of.map((name) => name.slice('app@'.length)) })
  const dnsmasq = await startDnsmasq(t, { services: servicesOf(names) })
  const resolver = { address: dnsmasq.address, port: dnsmasq.port }
  return {
    strategy: new KubernetesDnsSrv({
      service: 'app',
      namespace: 'ns',
      applicationName: 'app',
      resolver,
      timeoutMs: 200,
    }),
    self: `app@app-0.${domain}`,
    names,
    change: (to) => dnsmasq.setServices(servicesOf(to)),
    fail: (failing) => (failing ? dnsmasq.suspend() : dnsmasq.resume()),
  }
})
