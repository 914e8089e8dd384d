import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLogger } from '@tiebeam/distribution'
import { requirePeer, startDnsmasq } from '@tiebeam/testing'
import { KubernetesDnsSrv, type KubernetesDnsSrvInit } from '../src/index.ts'

const good = { service: 'app', namespace: 'ns', applicationName: 'app' }

function list(init: Partial<KubernetesDnsSrvInit>): Promise<readonly string[]> {
  const { signal } = new AbortController()
  const query = { self: 'app@app-0.app.ns.svc.cluster.local', localAddresses: () => [], logger: silentLogger, signal }
  return new KubernetesDnsSrv({ ...good, ...init }).list(query)
}

test('the hosts of the SRV records become names, each once, whatever their case and final dot', async () => {
  const asked: string[] = []
  const resolver = {
    resolveService: async (name: string) => {
      asked.push(name)
      return ['app-0.app.ns.svc.example', 'APP-0.app.ns.svc.example.', 'app-1.app.ns.svc.example', '.']
    },
  }
  const names = await list({ resolver, clusterDomain: 'example.' })
  assert.deepEqual(names, ['app@app-0.app.ns.svc.example', 'app@app-1.app.ns.svc.example'])
  assert.deepEqual(asked, ['app.ns.svc.example'])
})

test('no records are an answer: an empty list', async () => {
  assert.deepEqual(await list({ resolver: { resolveService: async () => [] } }), [])
})

test('a real name server with more records than a datagram holds is read in full', async (t) => {
  if (!requirePeer(t, 'dnsmasq')) return
  const hosts = Array.from({ length: 500 }, (_, index) => `app-${index}.app.ns.svc.cluster.local`)
  const dnsmasq = await startDnsmasq(t, { services: { 'app.ns.svc.cluster.local': hosts } })
  const names = await list({ resolver: { address: dnsmasq.address, port: dnsmasq.port }, timeoutMs: 30_000 })
  assert.deepEqual([...names].sort(), hosts.map((host) => `app@${host}`).sort())
})

test('a name server that is not there is a failure that says whom it asked for what', async (t) => {
  if (!requirePeer(t, 'dnsmasq')) return
  const dnsmasq = await startDnsmasq(t)
  await dnsmasq.stop()
  const resolver = { address: dnsmasq.address, port: dnsmasq.port }
  await assert.rejects(list({ resolver, timeoutMs: 100 }), {
    name: 'ClusterError',
    message: new RegExp(`SRV records of app.ns.svc.cluster.local from ${dnsmasq.address}:${dnsmasq.port}`),
  })
})

test('wrong options are refused with a message that names them', () => {
  const cases: [object, RegExp][] = [
    [{ service: 'app..x' }, /service is "app..x"/],
    [{ namespace: undefined }, /namespace/],
    [{ clusterDomain: '' }, /clusterDomain/],
    [{ applicationName: 'app@host' }, /applicationName/],
    [{ pollingIntervalMs: 0 }, /pollingIntervalMs/],
    [{ tries: 0 }, /tries/],
    [{ resolver: { address: 'dns.example' } }, /resolver/],
  ]
  for (const [wrong, message] of cases) {
    const init = { ...good, ...wrong } as KubernetesDnsSrvInit
    assert.throws(() => new KubernetesDnsSrv(init), { code: 'OPTION_INVALID', message })
  }
})
