import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { listNodes } from '@tiebeam/distribution'
import { type Erl, loopback, requirePeer, startDnsmasq, startEpmd, startErl, waitFor } from '@tiebeam/testing'
import {
  DnsPoll,
  Epmd,
  ErlangHosts,
  fromFunction,
  fromSubscription,
  KubernetesDns,
  KubernetesDnsSrv,
  type ListingSink,
  LocalEpmd,
  Rancher,
  type Strategy,
} from '../src/index.ts'
import { serveMetadata } from './rancher-metadata.ts'
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

/** Real nodes in a real EPMD; the strategy is to find them on their host. */
async function registeredNodes(t: TestContext, create: (epmdPort: number) => Strategy | Promise<Strategy>) {
  if (!requirePeer(t, 'erl', 'epmd', 'loopback')) return undefined
  const epmd = await startEpmd(t)
  const names = ['one', 'two'].map((base) => `${base}@${loopback(1)}`)
  const started = await Promise.all(
    names.map(async (name): Promise<[string, Erl]> => [name, await startErl(t, { name, epmd })]),
  )
  const erls = new Map(started)
  return {
    strategy: await create(epmd.port),
    self: `app@${loopback(1)}`,
    names,
    change: async (to: readonly string[]) => {
      await Promise.all([...erls].map(([name, erl]) => (to.includes(name) ? undefined : erl.kill())))
      const known = () => listNodes({ address: loopback(1), port: epmd.port })
      await waitFor(async () => (await known()).length === to.length)
    },
    fail: (failing: boolean) => epmd.child.signal(failing ? 'SIGSTOP' : 'SIGCONT'),
  }
}

testStrategy('LocalEpmd', (t) => registeredNodes(t, (epmdPort) => new LocalEpmd({ epmdPort, timeoutMs: 300 })))

testStrategy('ErlangHosts', (t) =>
  registeredNodes(t, async (epmdPort) => {
    const folder = await mkdtemp(join(tmpdir(), 'tiebeam-hosts-'))
    t.after(() => rm(folder, { recursive: true }))
    const hostsFile = join(folder, '.hosts.erlang')
    await writeFile(hostsFile, `'${loopback(1)}'.\n`)
    return new ErlangHosts({ hostsFile, epmdPort, timeoutMs: 300 })
  }),
)

testStrategy('Rancher', async (t) => {
  const names = [self, 'app@10.0.0.2', 'app@10.0.0.3']
  const serviceOf = (of: readonly string[]) =>
    JSON.stringify({ containers: of.map((name) => ({ ips: [name.slice('app@'.length)] })) })
  const metadata = await serveMetadata(t, serviceOf(names))
  return {
    strategy: new Rancher({ nodeBasename: 'app', metadataUrl: metadata.url }),
    self,
    names,
    change: (to) => {
      metadata.body = serviceOf(to)
    },
    fail: (failing) => {
      metadata.status = failing ? 500 : 200
    },
  }
})

testStrategy('Registry', async () => {
  let names: readonly string[] = [self, 'app@10.0.0.2']
  let failing = false
  const list = () => {
    if (failing) throw new Error('The registry is down.')
    return names
  }
  return {
    strategy: fromFunction(list, { kind: 'Registry' }),
    self,
    names,
    change: (to) => {
      names = to
    },
    fail: (to) => {
      failing = to
    },
  }
})

testStrategy('Events', async () => {
  const names = [self, 'app@10.0.0.2']
  const sinks = new Set<ListingSink>()
  const subscribe = (sink: ListingSink) => {
    sinks.add(sink)
    sink.listed(names)
    return () => void sinks.delete(sink)
  }
  return {
    strategy: fromSubscription(subscribe, { kind: 'Events' }),
    self,
    names,
    change: (to) => sinks.forEach((sink) => void sink.listed(to)),
    fail: (failing) => sinks.forEach((sink) => void (failing ? sink.failed(new Error('gone')) : sink.listed(names))),
  }
})
